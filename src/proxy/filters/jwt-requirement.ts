import type { JwtRequirement } from '../config/messages.ts';
import type { HttpExchange } from '../http/filter.ts';
import type { CompiledProvider } from './jwt-provider.ts';
import { jwtFault } from './jwt-verify.ts';

/** Whether a request meets a requirement: '' when it does, else why not. */
export type RequirementTest = (exchange: HttpExchange) => Promise<string>;

type Providers = ReadonlyMap<string, CompiledProvider>;

/** Compiles a requirement tree. Throws on a provider that is not configured. */
export function compileRequirement(requirement: JwtRequirement, providers: Providers): RequirementTest {
  const { provider_name, provider_and_audiences, requires_any, requires_all } = requirement;
  if (provider_name !== undefined) return byProvider(providerOf(provider_name, providers), undefined);
  if (provider_and_audiences !== undefined)
    return byProvider(
      providerOf(provider_and_audiences.provider_name, providers),
      provider_and_audiences.audiences,
    );
  if (requires_any !== undefined) return any(requires_any.requirements, providers);
  if (requires_all !== undefined)
    return all(requires_all.requirements.map((r) => compileRequirement(r, providers)));
  if (requirement.allow_missing !== undefined) return allow(providers, false);
  if (requirement.allow_missing_or_failed !== undefined) return allow(providers, true);
  if (requirement.extract_only_without_validation !== undefined)
    throw new Error(
      'extract_only_without_validation is not supported: it would let unverified claims through',
    );
  return async () => '';
}

function providerOf(name: string, providers: Providers): CompiledProvider {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(`Required provider ['${name}'] is not configured.`);
  return provider;
}

function byProvider(provider: CompiledProvider, audiences: readonly string[] | undefined): RequirementTest {
  return (exchange) => provider.authenticate(exchange, audiences);
}

function all(tests: readonly RequirementTest[]): RequirementTest {
  return async (exchange) => {
    for (const test of tests) {
      const fault = await test(exchange);
      if (fault !== '') return fault;
    }
    return '';
  };
}

/** One of the requirements must hold. A wrong token is worse than none: its reason wins over "missing" and "other issuer". */
function any(requirements: readonly JwtRequirement[], providers: Providers): RequirementTest {
  const lenient = requirements.some((r) => r.allow_missing !== undefined);
  const forgiving = requirements.some((r) => r.allow_missing_or_failed !== undefined);
  const tests = requirements
    .filter((r) => r.allow_missing === undefined && r.allow_missing_or_failed === undefined)
    .map((r) => compileRequirement(r, providers));
  return async (exchange) => {
    let result: string = jwtFault.missing;
    for (const test of tests) {
      const fault = await test(exchange);
      if (fault === '') return '';
      if (result === jwtFault.missing || (result === jwtFault.issuer && fault !== jwtFault.missing))
        result = fault;
    }
    if (forgiving || (lenient && result === jwtFault.missing)) return '';
    return result;
  };
}

/** Every token that is there is looked at, so that its claims can be used; a missing one is fine. */
function allow(providers: Providers, failed: boolean): RequirementTest {
  return async (exchange) => {
    let result = '';
    let verified = false;
    for (const provider of providers.values()) {
      const fault = await provider.authenticate(exchange, undefined);
      if (fault === '') verified = true;
      else if (fault !== jwtFault.missing && (result === '' || result === jwtFault.issuer)) result = fault;
    }
    return failed || verified ? '' : result;
  };
}
