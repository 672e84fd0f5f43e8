import type { ApiObject } from '../object.ts';
import type { ApiRequest, WriteParameters } from '../request/request.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** The two phases a write passes on its way to the store. Rejections are StatusErrors. */
export interface Admission {
  /** The object to go on with: the same one when no webhook changed it. */
  mutate(
    request: ApiRequest,
    operation: AdmissionOperation,
    object: ApiObject,
    old: Readonly<ApiObject> | undefined,
    parameters: WriteParameters,
  ): Promise<ApiObject>;
  validate(
    request: ApiRequest,
    operation: AdmissionOperation,
    object: Readonly<ApiObject> | undefined,
    old: Readonly<ApiObject> | undefined,
    parameters: WriteParameters,
  ): Promise<void>;
}
