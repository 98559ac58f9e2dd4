// YAML as Kubernetes reads it, which is older than YAML 1.2: `0644` is octal there, `yes` a boolean. A
// manifest must not come to mean something else because Ballast has read it.

import type { ScalarTag, SchemaOptions, Tags } from 'yaml';

const OCTAL: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};
const TRUE: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(y|Y|yes|Yes|YES|on|On|ON)$/,
  resolve: () => true,
};
const FALSE: ScalarTag = { ...TRUE, test: /^(n|N|no|No|NO|off|Off|OFF)$/, resolve: () => false };

/** Before the rest: the first that fits is taken. */
const likeKubernetes = (tags: Tags): Tags => [OCTAL, TRUE, FALSE, ...tags];

export const KUBERNETES_YAML: SchemaOptions = { merge: true, customTags: likeKubernetes };
