import { checkAttachment } from '../rules/checks.ts';
import { item, type Report } from '../schema/report.ts';
import type { TrafficExtensionSpec, VmConfig, WasmPluginSpec } from './types.gen.ts';

/** Rules of Istio's ValidateWasmPlugin; lengths, patterns and ports are in the schema. */
export function validateWasmPlugin(spec: WasmPluginSpec, report: Report): void {
  checkAttachment(report, spec);
  checkModule(report, 'spec', spec);
}

/** Rules of Istio's ValidateTrafficExtension. */
export function validateTrafficExtension(spec: TrafficExtensionSpec, report: Report): void {
  checkAttachment(report, spec);
  if (spec.wasm === undefined && spec.lua === undefined)
    report.error('MissingField', 'spec', 'one of wasm and lua is required');
  if (spec.lua?.inlineCode !== undefined && Buffer.byteLength(spec.lua.inlineCode) > 65536)
    report.error('TooLong', 'spec.lua.inlineCode', 'is longer than 64 KiB');
  if (spec.wasm !== undefined) checkModule(report, 'spec.wasm', spec.wasm);
}

function checkModule(
  report: Report,
  path: string,
  module: { readonly url?: string; readonly vmConfig?: VmConfig },
): void {
  if (module.url) checkUrl(report, `${path}.url`, module.url);
  module.vmConfig?.env?.forEach((variable, index) => {
    if (variable.valueFrom === 'HOST' && variable.value !== undefined)
      report.error(
        'Conflict',
        `${item(`${path}.vmConfig.env`, index)}.value`,
        'value may be set only when valueFrom is INLINE',
      );
  });
}

const schemes = ['oci:', 'http:', 'https:', 'file:'];

/** A URL, or `registry/image:tag` without a scheme. */
function checkUrl(report: Report, path: string, text: string): void {
  const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text) || text.startsWith('/');
  const parsed = URL.parse(
    absolute && !text.startsWith('/') ? text : `http://${text.replace(/^\/+/, 'host/')}`,
  );
  if (parsed === null || /\s/.test(text))
    report.error('InvalidUrl', path, `${JSON.stringify(text)} is not a URL`);
  else if (absolute && !text.startsWith('/') && !schemes.includes(parsed.protocol))
    report.error(
      'InvalidUrl',
      path,
      `scheme ${parsed.protocol.slice(0, -1)} is not supported; use oci, http, https or file`,
    );
}
