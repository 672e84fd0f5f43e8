/** Kinds the API server itself acts on: admission, extension, authentication, authorization, aggregation. Notation: schema/notation.ts. */
export const admissionTypes = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
MutatingWebhookConfiguration: webhooks/2:[MutatingWebhook]@name
ValidatingWebhookConfiguration: webhooks/2:[ValidatingWebhook]@name
MutatingWebhook: name:s! clientConfig:WebhookClientConfig! rules:[RuleWithOperations] failurePolicy:s<Fail,Ignore>*=Fail matchPolicy/9:s<Equivalent,Exact>*=Equivalent namespaceSelector/5:LabelSelector={} objectSelector/11:LabelSelector={} sideEffects/6:s<None,NoneOnDryRun>!* timeoutSeconds:i*=10 admissionReviewVersions:[s]! matchConditions/12:[MatchCondition]@name reinvocationPolicy/10:s<IfNeeded,Never>*=Never
ValidatingWebhook: name:s! clientConfig:WebhookClientConfig! rules:[RuleWithOperations] failurePolicy:s<Fail,Ignore>*=Fail matchPolicy/9:s<Equivalent,Exact>*=Equivalent namespaceSelector/5:LabelSelector={} objectSelector/10:LabelSelector={} sideEffects/6:s<None,NoneOnDryRun>!* timeoutSeconds:i*=10 admissionReviewVersions:[s]! matchConditions/11:[MatchCondition]@name
WebhookClientConfig: url/3:s* service/1:ServiceReference caBundle:bytes
ServiceReference: namespace:s! name:s! path:s* port:i*=443
RuleWithOperations: operations:[s] apiGroups/2.1:[s] apiVersions:[s] resources:[s] scope:s<*,Cluster,Namespaced>*=*
MatchCondition: name:s! expression:s!
ValidatingAdmissionPolicy: spec/2:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: paramKind:ParamKind matchConstraints:MatchResources validations:[Validation] failurePolicy:s*=Fail auditAnnotations:[AuditAnnotation] matchConditions:[MatchCondition]@name variables:[Variable]@name
ValidatingAdmissionPolicyStatus: observedGeneration:l typeChecking:TypeChecking conditions:[Condition]@type
TypeChecking: expressionWarnings:[ExpressionWarning]
ExpressionWarning: fieldRef/2:s! warning:s!
ParamKind#: apiVersion:s kind:s
MatchResources#: namespaceSelector:LabelSelector={} objectSelector:LabelSelector={} resourceRules:[NamedRuleWithOperations] excludeResourceRules:[NamedRuleWithOperations] matchPolicy/7:s*=Equivalent
NamedRuleWithOperations#: resourceNames:[s] ...RuleWithOperations/2
Validation: expression:s! message:s reason:s* messageExpression:s
AuditAnnotation: key:s! valueExpression:s!
Variable#: name:s! expression:s!
ValidatingAdmissionPolicyBinding: spec/2:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: policyName:s paramRef:ParamRef matchResources:MatchResources validationActions:[s]%
ParamRef#: name:s namespace:s selector:LabelSelector parameterNotFoundAction:s*
`,
};

export const extensionTypes = {
  package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  text: `
CustomResourceDefinition: spec/2:CustomResourceDefinitionSpec! status:CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: group:s! names/3:CustomResourceDefinitionNames! scope:s! versions/7:[CustomResourceDefinitionVersion]! conversion/9:CustomResourceConversion preserveUnknownFields:b
CustomResourceDefinitionNames: plural:s! singular:s shortNames:[s] kind:s! listKind:s categories:[s]
CustomResourceDefinitionVersion: name:s! served:b! storage:b! deprecated/7:b deprecationWarning:s* schema/4:CustomResourceValidation subresources:CustomResourceSubresources additionalPrinterColumns:[CustomResourceColumnDefinition] selectableFields/9:[SelectableField]
CustomResourceValidation: openAPIV3Schema:JSONSchemaProps
CustomResourceSubresources: status:CustomResourceSubresourceStatus scale:CustomResourceSubresourceScale
CustomResourceSubresourceStatus:
CustomResourceSubresourceScale: specReplicasPath:s! statusReplicasPath:s! labelSelectorPath:s*
CustomResourceColumnDefinition: name:s! type:s! format:s description:s priority:i jsonPath:s!
SelectableField: jsonPath:s!
CustomResourceConversion: strategy:s! webhook:WebhookConversion
WebhookConversion: clientConfig/2:WebhookClientConfig conversionReviewVersions:[s]!
WebhookClientConfig: url/3:s* service/1:ServiceReference caBundle:bytes
ServiceReference: namespace:s! name:s! path:s* port:i*=443
CustomResourceDefinitionStatus: conditions:[CustomResourceDefinitionCondition]@type acceptedNames:CustomResourceDefinitionNames storedVersions:[s] observedGeneration:l
CustomResourceDefinitionCondition: type:s! status:s! lastTransitionTime:t reason:s message:s observedGeneration:l
JSONSchemaProps: id:s $schema:s $ref:s* description:s^ type:s format:s title:s default:json maximum:n* exclusiveMaximum:b minimum:n* exclusiveMinimum:b maxLength:l* minLength:l* pattern:s maxItems:l* minItems:l* uniqueItems:b multipleOf:n* enum:[json] maxProperties:l* minProperties:l* required:[s] items:schemas allOf:[JSONSchemaProps] oneOf:[JSONSchemaProps] anyOf:[JSONSchemaProps] not:JSONSchemaProps properties:{JSONSchemaProps} additionalProperties:schemaOrBool patternProperties:{JSONSchemaProps} dependencies:{json} additionalItems:schemaOrBool definitions:{JSONSchemaProps} externalDocs:ExternalDocumentation example:json nullable:b x-kubernetes-preserve-unknown-fields:b* x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:[s] x-kubernetes-list-type:s* x-kubernetes-map-type:s* x-kubernetes-validations:[ValidationRule]@rule
ExternalDocumentation: description:s url:s
ValidationRule: rule:s! message:s messageExpression:s reason:s* fieldPath:s optionalOldSelf:b*
`,
};

export const authenticationTypes = {
  package: 'io.k8s.api.authentication.v1',
  text: `
TokenReview: spec/2:TokenReviewSpec! status:TokenReviewStatus
TokenReviewSpec: token:s audiences:[s]
TokenReviewStatus: authenticated:b user:UserInfo audiences/4:[s] error/3:s
UserInfo: username:s uid:s groups:[s] extra:{StringList}
TokenRequest: spec/2:TokenRequestSpec! status:TokenRequestStatus
TokenRequestSpec: audiences:[s] expirationSeconds/4:l*=3600 boundObjectRef/3:BoundObjectReference
BoundObjectReference: kind:s apiVersion:s name:s uid:s
TokenRequestStatus: token:s! expirationTimestamp:t!
SelfSubjectReview: status/2:SelfSubjectReviewStatus
SelfSubjectReviewStatus: userInfo:UserInfo
`,
};

export const authorizationTypes = {
  package: 'io.k8s.api.authorization.v1',
  text: `
SubjectAccessReview: spec/2:SubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user:s groups:[s] extra:{StringList} uid:s
SelfSubjectAccessReview: spec/2:SelfSubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes
LocalSubjectAccessReview: spec/2:SubjectAccessReviewSpec! status:SubjectAccessReviewStatus
SubjectAccessReviewStatus: allowed:b! denied/4:b reason/2:s evaluationError:s
ResourceAttributes: namespace:s verb:s group:s version:s resource:s subresource:s name:s fieldSelector:any labelSelector:any
NonResourceAttributes: path:s verb:s
SelfSubjectRulesReview: spec/2:SelfSubjectRulesReviewSpec! status:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: namespace:s
SubjectRulesReviewStatus: resourceRules:[ResourceRule]! nonResourceRules:[NonResourceRule]! incomplete:b! evaluationError:s
ResourceRule: verbs:[s]! apiGroups:[s] resources:[s] resourceNames:[s]
NonResourceRule: verbs:[s]! nonResourceURLs:[s]
`,
};

export const registrationTypes = {
  package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  text: `
APIService: spec/2:APIServiceSpec status:APIServiceStatus
APIServiceSpec: service:ServiceReference group:s version:s insecureSkipTLSVerify:b caBundle:bytes groupPriorityMinimum/7:i! versionPriority:i!
ServiceReference: namespace:s name:s port:i*=443
APIServiceStatus: conditions:[APIServiceCondition]@type
APIServiceCondition: type:s! status:s! lastTransitionTime:t reason:s message:s
`,
};
