export { type GatewayView, gatewayView } from './gateway.ts';
export { type SidecarScope, scopeName, sidecarScopes, sidecarView, sourceMatches } from './sidecar.ts';
export { destinationRuleFor, isExported, type View } from './visibility.ts';
