/** Limits and switches of an HTTP/1.1 codec; defaults are Envoy's. */
export interface Http1Options {
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Serve HTTP/1.0 requests; otherwise they get 426. */
  readonly acceptHttp10: boolean;
  readonly defaultHostForHttp10: string;
  /** Take any method token; otherwise only registered methods (`allow_custom_methods`). */
  readonly allowCustomMethods?: boolean;
  /** Deliver and write trailers; otherwise they are dropped. */
  readonly enableTrailers: boolean;
  /** Fields of answers the codec gives by itself (`server: …\r\n`), '' for none. */
  readonly replyFields?: () => string;
  /** `http` or `https`, as the connection is. */
  readonly scheme: string;
}

export const defaultHttp1Options: Http1Options = {
  maxHeadBytes: 60 * 1024,
  maxFields: 100,
  acceptHttp10: false,
  defaultHostForHttp10: '',
  enableTrailers: false,
  scheme: 'http',
};
