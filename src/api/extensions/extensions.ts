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

const schemes = ['oci', 'http', 'https', 'file'];

/** A URL, or `registry/image:tag` without a scheme. `host:5000/image` counts as having the scheme `host`, as in Istio. */
function checkUrl(report: Report, path: string, text: string): void {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1];
  if (scheme !== undefined && !schemes.includes(scheme.toLowerCase())) {
    const hint = text.includes('://') ? 'use oci, http, https or file' : `write oci://${text} for an image`;
    report.error('InvalidUrl', path, `scheme ${scheme} is not supported; ${hint}`);
  } else if (
    !URL.canParse(scheme === undefined ? `http://${text.replace(/^\/+/, 'host/')}` : text) ||
    /\s/.test(text)
  )
    report.error('InvalidUrl', path, `${JSON.stringify(text)} is not a URL`);
}
