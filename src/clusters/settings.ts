// The keys of one entry under `clusters:`. config.ts joins the stages' schemas and checks the file.

import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

export const ClusterSettings = Type.Object(
  {
    name: Type.String({
      pattern: '^(?!vm$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      description: 'DNS label, unique, not `vm`',
    }),
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
  },
  closed,
);

export type ClusterSettings = Static<typeof ClusterSettings>;
