// The keys of one entry under `clusters:`. config.ts joins the stages' schemas and checks the file.

import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

export const CLUSTER_NAME = '^(?!vm$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

/** By which credentials a cluster is reached: one of the two. */
const access = {
  kubeconfig: Type.Optional(
    Type.Object(
      {
        path: Type.String({ minLength: 1, description: 'relative to the configuration file' }),
        context: Type.Optional(Type.String({ minLength: 1 })),
      },
      closed,
    ),
  ),
  inCluster: Type.Optional(Type.Boolean({ description: 'use the pod’s own service account' })),
};

/** How a cluster is watched, whoever names it. */
const watched = {
  namespaces: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { description: 'to watch; empty: all' }),
  ),
  ingress: Type.Object(
    {
      nodes: Type.Optional(
        Type.String({ minLength: 1, description: 'label selector of the ingress nodes' }),
      ),
      service: Type.Optional(
        Type.Object(
          {
            namespace: Type.String({ minLength: 1 }),
            name: Type.String({ minLength: 1 }),
          },
          { ...closed, description: 'a LoadBalancer Service; instead of nodes' },
        ),
      ),
      pods: Type.Optional(
        Type.Object(
          {
            namespace: Type.String({ minLength: 1 }),
            selector: Type.String({ minLength: 1 }),
          },
          closed,
        ),
      ),
      port: Type.Integer({ minimum: 1, maximum: 65535 }),
      addressType: Type.Optional(
        Type.Union([Type.Literal('InternalIP'), Type.Literal('ExternalIP')]),
      ),
      addressAnnotation: Type.Optional(
        Type.String({ minLength: 1, description: 'annotation of a node that holds its address' }),
      ),
      addressFamily: Type.Optional(Type.Union([Type.Literal('IPv4'), Type.Literal('IPv6')])),
      classes: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description: 'ingress classes that count; empty: all',
        }),
      ),
    },
    closed,
  ),
  routed: Type.Optional(
    Type.Union([Type.Literal('checked'), Type.Literal('off')], {
      description: 'off: pods count without an Ingress or HTTPRoute',
    }),
  ),
};

/** By what fan-outs select clusters, beside their names. */
export const clusterTraits = {
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  provider: Type.Optional(Type.String({ minLength: 1 })),
  region: Type.Optional(Type.String({ minLength: 1 })),
  zones: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  taints: Type.Optional(
    Type.Array(
      Type.Object(
        {
          key: Type.String({ minLength: 1 }),
          value: Type.Optional(Type.String()),
          effect: Type.Enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
        },
        closed,
      ),
    ),
  ),
};

/** Where fan-outs and migrations may write; without it the cluster is read only. */
const jobsScope = {
  namespaces: Type.Array(Type.String({ minLength: 1 }), {
    minItems: 1,
    description: 'in which jobs may write; none else',
  }),
  secrets: Type.Optional(Type.Boolean({ description: 'jobs may read and write Secrets there' })),
};

export const ClusterSettings = Type.Object(
  {
    name: Type.String({ pattern: CLUSTER_NAME, description: 'DNS label, unique, not `vm`' }),
    ...access,
    ...watched,
    jobs: Type.Optional(Type.Object({ ...access, ...jobsScope }, closed)),
    ...clusterTraits,
  },
  closed,
);

export type ClusterSettings = Static<typeof ClusterSettings>;

/** Secrets of one namespace of a home cluster. */
const home = { ...access, namespace: Type.String({ minLength: 1 }) };

/** Many clusters from one place; each is watched as the rest of the entry says. */
export const ClusterSourceSettings = Type.Object(
  {
    folder: Type.Optional(
      Type.Object(
        {
          path: Type.String({
            minLength: 1,
            description: 'a kubeconfig a file; the cluster has the file’s name without ending',
          }),
        },
        closed,
      ),
    ),
    secrets: Type.Optional(
      Type.Object(
        {
          ...home,
          selector: Type.String({
            minLength: 1,
            description: 'label selector; a kubeconfig in `value`, cluster NAME in NAME-kubeconfig',
          }),
        },
        closed,
      ),
    ),
    argocd: Type.Optional(
      Type.Object(home, { ...closed, description: 'cluster Secrets of an Argo CD' }),
    ),
    ...watched,
    jobs: Type.Optional(
      Type.Object(jobsScope, {
        ...closed,
        description: 'in each of its clusters, with the credentials it is watched by',
      }),
    ),
  },
  closed,
);

export type ClusterSourceSettings = Static<typeof ClusterSourceSettings>;
export type HomeSettings = NonNullable<ClusterSourceSettings['argocd']>;

/** The settings of a cluster that a source names: all that is not the source's own. */
export function settingsFor(name: string, source: ClusterSourceSettings): ClusterSettings {
  const { folder: _folder, secrets: _secrets, argocd: _argocd, ...watchedAs } = source;
  return { name, ...watchedAs };
}
