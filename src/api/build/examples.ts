/** One working example of each kind, for its reference page. A test validates them all. */
export const examples: Readonly<Record<string, string>> = {
  VirtualService: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
    - reviews
  http:
    - name: testers
      match:
        - headers:
            end-user:
              exact: jason
      route:
        - destination:
            host: reviews
            subset: v2
    - name: canary
      timeout: 3s
      retries:
        attempts: 2
        perTryTimeout: 1s
        retryOn: connect-failure,refused-stream
      route:
        - destination:
            host: reviews
            subset: v1
          weight: 80
        - destination:
            host: reviews
            subset: v3
          weight: 20
`,
  DestinationRule: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    loadBalancer:
      simple: LEAST_REQUEST
    connectionPool:
      tcp:
        maxConnections: 100
      http:
        http1MaxPendingRequests: 10
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 10s
      baseEjectionTime: 30s
  subsets:
    - name: v1
      labels:
        version: v1
    - name: v2
      labels:
        version: v2
`,
  Gateway: `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: shop
spec:
  selector:
    istio: ingressgateway
  servers:
    - port:
        number: 80
        name: http
        protocol: HTTP
      hosts:
        - shop.example.com
      tls:
        httpsRedirect: true
    - port:
        number: 443
        name: https
        protocol: HTTPS
      hosts:
        - shop.example.com
      tls:
        mode: SIMPLE
        credentialName: shop-certificate
`,
  ServiceEntry: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: payments
spec:
  hosts:
    - api.payments.example.com
  location: MESH_EXTERNAL
  resolution: DNS
  ports:
    - number: 443
      name: tls
      protocol: TLS
`,
  Sidecar: `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata:
  name: default
spec:
  egress:
    - hosts:
        - ./*
        - istio-system/*
  outboundTrafficPolicy:
    mode: REGISTRY_ONLY
`,
  WorkloadEntry: `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: ratings-vm
spec:
  address: 192.0.2.7
  serviceAccount: ratings
  labels:
    app: ratings
    version: v1
`,
  WorkloadGroup: `apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata:
  name: ratings
spec:
  metadata:
    labels:
      app: ratings
  template:
    serviceAccount: ratings
    network: vm-network
  probe:
    periodSeconds: 5
    httpGet:
      path: /health
      port: 9080
`,
  ProxyConfig: `apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata:
  name: productpage
spec:
  selector:
    matchLabels:
      app: productpage
  concurrency: 2
`,
  EnvoyFilter: `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: longer-idle
spec:
  workloadSelector:
    labels:
      app: reviews
  configPatches:
    - applyTo: CLUSTER
      match:
        context: SIDECAR_OUTBOUND
        cluster:
          service: ratings.default.svc.cluster.local
      patch:
        operation: MERGE
        value:
          connect_timeout: 2s
`,
  AuthorizationPolicy: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: reviews-viewer
spec:
  selector:
    matchLabels:
      app: reviews
  action: ALLOW
  rules:
    - from:
        - source:
            principals:
              - cluster.local/ns/default/sa/bookinfo-productpage
      to:
        - operation:
            methods:
              - GET
            paths:
              - /reviews/{*}
`,
  PeerAuthentication: `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: ratings
spec:
  selector:
    matchLabels:
      app: ratings
  mtls:
    mode: STRICT
  portLevelMtls:
    "8080":
      mode: PERMISSIVE
`,
  RequestAuthentication: `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata:
  name: shop-users
spec:
  selector:
    matchLabels:
      app: productpage
  jwtRules:
    - issuer: https://login.example.com
      jwksUri: https://login.example.com/keys
      audiences:
        - shop
      outputClaimToHeaders:
        - header: x-user
          claim: sub
`,
  Telemetry: `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: istio-system
spec:
  tracing:
    - randomSamplingPercentage: 1
  accessLogging:
    - providers:
        - name: envoy
      filter:
        expression: response.code >= 400
`,
  WasmPlugin: `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: basic-auth
spec:
  selector:
    matchLabels:
      istio: ingressgateway
  url: oci://registry.example.com/wasm/basic-auth:1.0
  phase: AUTHN
  pluginConfig:
    realm: shop
`,
  TrafficExtension: `apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata:
  name: add-header
spec:
  selector:
    matchLabels:
      app: reviews
  lua:
    inlineCode: |
      function envoy_on_response(handle)
        handle:headers():add("x-lua", "yes")
      end
`,
  IstioOperator: `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: mesh
  namespace: istio-system
spec:
  profile: default
  meshConfig:
    accessLogFile: /dev/stdout
  components:
    ingressGateways:
      - name: istio-ingressgateway
        enabled: true
        k8s:
          service:
            ports:
              - name: http2
                port: 80
                targetPort: 8080
`,
};
