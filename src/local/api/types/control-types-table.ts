/** Kinds the API server itself acts on: admission, extension, authentication, authorization, aggregation. Notation: schema/notation.ts. */
export const admissionTypes = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
MutatingWebhookConfiguration: webhooks:[MutatingWebhook]@name
ValidatingWebhookConfiguration: webhooks:[ValidatingWebhook]@name
MutatingWebhook: ...ValidatingWebhook reinvocationPolicy:s<IfNeeded,Never>=Never
ValidatingWebhook: name:s! clientConfig:WebhookClientConfig! rules:[RuleWithOperations] failurePolicy:s<Fail,Ignore>=Fail matchPolicy:s<Equivalent,Exact>=Equivalent namespaceSelector:LabelSelector={} objectSelector:LabelSelector={} sideEffects:s<None,NoneOnDryRun>! timeoutSeconds:i=10 admissionReviewVersions:[s]! matchConditions:[MatchCondition]@name
WebhookClientConfig: url:s service:ServiceReference caBundle:bytes
ServiceReference: namespace:s! name:s! path:s port:i=443
RuleWithOperations: operations:[s] apiGroups:[s] apiVersions:[s] resources:[s] scope:s<*,Cluster,Namespaced>=*
MatchCondition: name:s! expression:s!
ValidatingAdmissionPolicy: spec:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: paramKind:ParamKind matchConstraints:MatchResources validations:[Validation] failurePolicy:s=Fail auditAnnotations:[AuditAnnotation] matchConditions:[MatchCondition]@name variables:[Variable]@name
ValidatingAdmissionPolicyStatus: observedGeneration:l typeChecking:TypeChecking conditions:[Condition]@type
TypeChecking: expressionWarnings:[ExpressionWarning]
ExpressionWarning: fieldRef:s! warning:s!
ParamKind#: apiVersion:s kind:s
MatchResources#: namespaceSelector:LabelSelector={} objectSelector:LabelSelector={} resourceRules:[NamedRuleWithOperations] excludeResourceRules:[NamedRuleWithOperations] matchPolicy:s=Equivalent
NamedRuleWithOperations#: resourceNames:[s] ...RuleWithOperations
Validation: expression:s! message:s reason:s messageExpression:s
AuditAnnotation: key:s! valueExpression:s!
Variable#: name:s! expression:s!
ValidatingAdmissionPolicyBinding: spec:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: policyName:s paramRef:ParamRef matchResources:MatchResources validationActions:[s]%
ParamRef#: name:s namespace:s selector:LabelSelector parameterNotFoundAction:s
`,
};

export const extensionTypes = {
  package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  text: `
CustomResourceDefinition: spec:CustomResourceDefinitionSpec! status:CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: group:s! names:CustomResourceDefinitionNames! scope:s! versions:[CustomResourceDefinitionVersion]! conversion:CustomResourceConversion preserveUnknownFields:b
CustomResourceDefinitionNames: plural:s! singular:s shortNames:[s] kind:s! listKind:s categories:[s]
CustomResourceDefinitionVersion: name:s! served:b! storage:b! deprecated:b deprecationWarning:s schema:CustomResourceValidation subresources:CustomResourceSubresources additionalPrinterColumns:[CustomResourceColumnDefinition] selectableFields:[SelectableField]
CustomResourceValidation: openAPIV3Schema:JSONSchemaProps
CustomResourceSubresources: status:CustomResourceSubresourceStatus scale:CustomResourceSubresourceScale
CustomResourceSubresourceStatus:
CustomResourceSubresourceScale: specReplicasPath:s! statusReplicasPath:s! labelSelectorPath:s
CustomResourceColumnDefinition: name:s! type:s! format:s description:s priority:i jsonPath:s!
SelectableField: jsonPath:s!
CustomResourceConversion: strategy:s! webhook:WebhookConversion
WebhookConversion: clientConfig:WebhookClientConfig conversionReviewVersions:[s]!
WebhookClientConfig: url:s service:ServiceReference caBundle:bytes
ServiceReference: namespace:s! name:s! path:s port:i=443
CustomResourceDefinitionStatus: conditions:[CustomResourceDefinitionCondition]@type acceptedNames:CustomResourceDefinitionNames storedVersions:[s] observedGeneration:l
CustomResourceDefinitionCondition: type:s! status:s! lastTransitionTime:t reason:s message:s observedGeneration:l
JSONSchemaProps: id:s $schema:s $ref:s description:s^ type:s format:s title:s default:json maximum:n exclusiveMaximum:b minimum:n exclusiveMinimum:b maxLength:l minLength:l pattern:s maxItems:l minItems:l uniqueItems:b multipleOf:n enum:[json] maxProperties:l minProperties:l required:[s] items:json allOf:[JSONSchemaProps] oneOf:[JSONSchemaProps] anyOf:[JSONSchemaProps] not:JSONSchemaProps properties:{JSONSchemaProps} additionalProperties:json patternProperties:{JSONSchemaProps} dependencies:{json} additionalItems:json definitions:{JSONSchemaProps} externalDocs:ExternalDocumentation example:json nullable:b x-kubernetes-preserve-unknown-fields:b x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:[s] x-kubernetes-list-type:s x-kubernetes-map-type:s x-kubernetes-validations:[ValidationRule]@rule
ExternalDocumentation: description:s url:s
ValidationRule: rule:s! message:s messageExpression:s reason:s fieldPath:s optionalOldSelf:b
`,
};

export const authenticationTypes = {
  package: 'io.k8s.api.authentication.v1',
  text: `
TokenReview: spec:TokenReviewSpec! status:TokenReviewStatus
TokenReviewSpec: token:s audiences:[s]
TokenReviewStatus: authenticated:b user:UserInfo audiences:[s] error:s
UserInfo: username:s uid:s groups:[s] extra:{StringList}
TokenRequest: spec:TokenRequestSpec! status:TokenRequestStatus
TokenRequestSpec: audiences:[s] expirationSeconds:l=3600 boundObjectRef:BoundObjectReference
BoundObjectReference: kind:s apiVersion:s name:s uid:s
TokenRequestStatus: token:s! expirationTimestamp:t!
SelfSubjectReview: status:SelfSubjectReviewStatus
SelfSubjectReviewStatus: userInfo:UserInfo
`,
};

export const authorizationTypes = {
  package: 'io.k8s.api.authorization.v1',
  text: `
SubjectAccessReview: spec:SubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user:s groups:[s] extra:{StringList} uid:s
SelfSubjectAccessReview: spec:SelfSubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes
LocalSubjectAccessReview: spec:SubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SubjectAccessReviewStatus: allowed:b! denied:b reason:s evaluationError:s
ResourceAttributes: namespace:s verb:s group:s version:s resource:s subresource:s name:s fieldSelector:any labelSelector:any
NonResourceAttributes: path:s verb:s
SelfSubjectRulesReview: spec:SelfSubjectRulesReviewSpec! status:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: namespace:s
SubjectRulesReviewStatus: resourceRules:[ResourceRule]! nonResourceRules:[NonResourceRule]! incomplete:b! evaluationError:s
ResourceRule: verbs:[s]! apiGroups:[s] resources:[s] resourceNames:[s]
NonResourceRule: verbs:[s]! nonResourceURLs:[s]
`,
};

export const registrationTypes = {
  package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  text: `
APIService: spec:APIServiceSpec status:APIServiceStatus
APIServiceSpec: service:ServiceReference group:s version:s insecureSkipTLSVerify:b caBundle:bytes groupPriorityMinimum:i! versionPriority:i!
ServiceReference: namespace:s name:s port:i=443
APIServiceStatus: conditions:[APIServiceCondition]@type
APIServiceCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
`,
};
