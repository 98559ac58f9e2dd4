// Schemas of what several dialects share. They are closed: a key that is misspelt must not be silent.

import { type TObject, type TProperties, Type } from 'typebox';

export const closed = <Shape extends TProperties>(shape: Shape): TObject<Shape> =>
  Type.Object(shape, { additionalProperties: false });

export const Name = Type.String({ minLength: 1 });
export const Count = Type.Integer({ minimum: 0 });
export const Names = Type.Array(Name);

/** With what a server adds to it, so that what `kubectl get` printed can be read. */
export const ObjectMetadata = closed({
  name: Name,
  namespace: Type.Optional(Name),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  creationTimestamp: Type.Optional(Type.Unknown()),
  finalizers: Type.Optional(Type.Unknown()),
  generation: Type.Optional(Type.Unknown()),
  managedFields: Type.Optional(Type.Unknown()),
  ownerReferences: Type.Optional(Type.Unknown()),
  resourceVersion: Type.Optional(Type.Unknown()),
  selfLink: Type.Optional(Type.Unknown()),
  uid: Type.Optional(Type.Unknown()),
});

/** The document around a spec. */
export function documentOf<Spec extends TProperties>(spec: Spec) {
  return closed({
    apiVersion: Name,
    kind: Name,
    metadata: ObjectMetadata,
    spec: closed(spec),
    status: Type.Optional(Type.Unknown()),
  });
}

const LABEL_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

export const LabelSelectorShape = closed({
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
  matchExpressions: Type.Optional(
    Type.Array(
      closed({
        key: Name,
        operator: Type.Enum([...LABEL_OPERATORS]),
        values: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
});
