import { toYaml } from '../base/yaml.ts';

/** Helpers of our templates. JSON is YAML's flow style, so `{{json x}}` puts any value on one line, quoted as needed. */
export const templateHelpers: Readonly<Record<string, (value: unknown) => string>> = {
  json: (value) => JSON.stringify(value),
  /** A JSON string whose content is the value as YAML: the payload of a ConfigMap key. */
  yamlText: (value) => JSON.stringify(toYaml(value)),
  /** The same with indented JSON as content. */
  jsonText: (value) => JSON.stringify(JSON.stringify(value, null, 2)),
};
