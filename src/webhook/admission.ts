import type { KubeObject } from '../api/object.ts';

/** admission.k8s.io/v1 as the API server sends it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly object?: KubeObject;
  readonly oldObject?: KubeObject;
  readonly dryRun?: boolean;
}

/** What a handler decides. */
export interface AdmissionVerdict {
  readonly allowed: boolean;
  /** RFC 6902 operations. */
  readonly patch?: readonly unknown[];
  /** Why not; every fault, one after the other. */
  readonly message?: string;
  readonly code?: number;
  readonly warnings?: readonly string[];
}

export type AdmissionHandler = (request: AdmissionRequest) => AdmissionVerdict;

/** The request in a review's JSON; throws with what is wrong with it. */
export function parseReview(text: string): { apiVersion: string; request: AdmissionRequest } {
  const review = JSON.parse(text) as { apiVersion?: string; request?: AdmissionRequest };
  if (review === null || typeof review !== 'object' || typeof review.request?.uid !== 'string') {
    throw new Error('the body is not an AdmissionReview with a request');
  }
  return { apiVersion: review.apiVersion ?? 'admission.k8s.io/v1', request: review.request };
}

export function reviewResponse(apiVersion: string, uid: string, verdict: AdmissionVerdict): string {
  const { allowed, patch, message, code, warnings } = verdict;
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(patch !== undefined &&
        patch.length > 0 && {
          patchType: 'JSONPatch',
          patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
        }),
      ...(message !== undefined && { status: { message, code: code ?? 400 } }),
      ...(warnings !== undefined && warnings.length > 0 && { warnings }),
    },
  });
}
