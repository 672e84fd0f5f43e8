import { as, int32, map, record, type Schema, text } from '../schema/schema.ts';
import { labelSelector } from '../schema/selector.schema.ts';

export const proxyImage: Schema = record('ProxyImage', 'Image of the proxy.', {
  imageType: text('Variant of the image: `default`, `distroless`, `debug`.'),
});

export const proxyConfig: Schema = record(
  'ProxyConfigSpec',
  'Settings of proxies that are read when they start. Set once: by mesh, by namespace, or by workload.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    concurrency: int32('Worker threads; 0 takes one per CPU.', {
      minimum: 0,
      nullable: true,
      fallback: 'the CPU limit of the container',
    }),
    environmentVariables: map(
      text('Value.', { maxLength: 2048 }),
      'Additional environment variables of the proxy; `ISTIO_META_*` become node metadata.',
    ),
    image: proxyImage,
  },
);
