// What the lane needs built: one small Go module a folder, so that their dependencies never meet, and one
// crate of Rust. A further binary of Go is a further folder with go.mod and go.sum, and a further entry
// here. All of a recipe is data, because its key in the cache is made from it.

export type Recipe = GoRecipe | CrateRecipe;

/** A program from crates.io, with the versions of its own Cargo.lock. */
export interface CrateRecipe {
  /** Of the crate and of its binary. */
  readonly name: string;
  readonly crate: string;
  /** The oldest Rust that builds it. */
  readonly rust: string;
}

export interface GoRecipe {
  /** The binary's name, and the folder's beside this file where `folder` is absent. */
  readonly name: string;
  /** Relative to this file. */
  readonly folder?: string;
  /** Built only when asked for by name: another lane's. */
  readonly apart?: true;
  /** What `go build` gets: an import path, or `.` where the folder has a main.go of its own. */
  readonly package: string;
  readonly ldflags?: readonly string[];
  /** Files of a module, joined into one beside the binary: running it then needs no Go. */
  readonly alongside?: {
    readonly module: string;
    readonly files: readonly string[];
    readonly into: string;
  };
}

const version = 'k8s.io/component-base/version';

export const recipes: readonly Recipe[] = [
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  {
    name: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    // kwok does nothing without stages. Its own module carries them, so they always fit its version.
    alongside: {
      module: 'sigs.k8s.io/kwok',
      files: [
        'kustomize/stage/node/fast/node-initialize.yaml',
        'kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
        'kustomize/stage/pod/fast/pod-ready.yaml',
        'kustomize/stage/pod/fast/pod-complete.yaml',
        'kustomize/stage/pod/fast/pod-delete.yaml',
      ],
      into: 'stages.yaml',
    },
  },
  {
    name: 'kubernetes',
    package: '.',
    // Unstamped, the server calls itself v0.0.0-master, and clients complain of the skew.
    ldflags: [
      `-X ${version}.gitVersion=v1.36.3`,
      `-X ${version}.gitMajor=1`,
      `-X ${version}.gitMinor=36`,
    ],
  },
  // What backs a cluster up, what brings that to S3, and an S3 server.
  { name: 'velero', package: 'github.com/vmware-tanzu/velero/cmd/velero' },
  {
    name: 'velero-s3',
    package: 'github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws',
  },
  { name: 'versitygw', package: 'github.com/versity/versitygw/cmd/versitygw' },
  // Argo Rollouts with its kinds: what no control plane has of itself.
  {
    name: 'rollouts',
    package: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
    alongside: {
      module: 'github.com/argoproj/argo-rollouts',
      files: [
        'manifests/crds/rollout-crd.yaml',
        'manifests/crds/analysis-run-crd.yaml',
        'manifests/crds/analysis-template-crd.yaml',
        'manifests/crds/cluster-analysis-template-crd.yaml',
        'manifests/crds/experiment-crd.yaml',
      ],
      into: 'crds.yaml',
    },
  },
  // A registry that speaks Nacos's HTTP API, version 1. Nine minutes on two cores: 440 crates.
  { name: 'rnacos', crate: 'rnacos@0.8.8', rust: '1.85' },
  // Of `npm run deploy`. Both Helms: version 4 applies on the server's side.
  { name: 'helm3', folder: '../deploy/helm3', apart: true, package: 'helm.sh/helm/v3/cmd/helm' },
  { name: 'helm4', folder: '../deploy/helm4', apart: true, package: 'helm.sh/helm/v4/cmd/helm' },
  {
    name: 'kubeconform',
    folder: '../deploy/kubeconform',
    apart: true,
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
  },
  // Of README's walk-through.
  { name: 'kubectl', folder: '../deploy/kubectl', apart: true, package: '.' },
  // A contender of `npm run bench -- clusters`.
  { name: 'informer', folder: '../bench/clusters/informer', apart: true, package: '.' },
];
