import {
  as,
  atMostOne,
  double,
  duration,
  flag,
  list,
  looseDuration,
  map,
  oneOfWords,
  optionalFlag,
  record,
  type Schema,
  text,
  texts,
  uint32,
  uint64,
} from '../schema/schema.ts';

const httpCookie = record(
  'HTTPCookie',
  'Hashes a cookie, which the proxy sets when it is missing.',
  {
    name: text('Name of the cookie.'),
    path: text('Path of the cookie.'),
    ttl: looseDuration('Life of the cookie; 0s makes a session cookie.', {
      fallback: 'none: the cookie is read, never set',
    }),
    attributes: list(
      record(
        'HTTPCookieAttribute',
        'An attribute of the cookie.',
        { name: text('Name: `SameSite`.'), value: text('Value: `Strict`.') },
        { required: ['name'] },
      ),
      'Further attributes of the cookie.',
    ),
  },
  { required: ['name'] },
);

const consistentHash = record(
  'ConsistentHashLB',
  'Sends requests of equal key to the same endpoint.',
  {
    httpHeaderName: text('Hashes a header.'),
    httpCookie,
    useSourceIp: flag('Hashes the address of the caller.'),
    httpQueryParameterName: text('Hashes a query parameter.'),
    ringHash: record('RingHash', 'Ring of virtual nodes (ketama).', {
      minimumRingSize: uint64('Smallest number of virtual nodes.', { fallback: '1024' }),
    }),
    maglev: record('MagLev', 'Maglev table.', {
      tableSize: uint64('Size of the table, a prime number up to 5000011.', { fallback: '65537' }),
    }),
    minimumRingSize: uint64('Former form of ringHash.minimumRingSize.'),
  },
  atMostOne(
    ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'],
    ['ringHash', 'maglev'],
  ),
);

const failover = list(
  record('Failover', 'Where traffic of a region goes when it has no healthy endpoint.', {
    from: text('Region that fails.'),
    to: text('Region that takes over.'),
  }),
  'Order of regions for failover; not together with distribute.',
);
const failoverPriority = texts(
  'Labels by which endpoints are ranked: those that share more of them, in this order, with the client come first. `key=value` names a value.',
);

export const localityLbSetting: Schema = record(
  'LocalityLoadBalancerSetting',
  'Prefers endpoints near the client.',
  {
    distribute: list(
      record('Distribute', 'How traffic of one place is spread.', {
        from: text('Locality of the client: `region/zone/sub-zone`, `*` for any.'),
        to: map(uint32('Percent.'), 'Localities and their share; the shares sum to 100.'),
      }),
      'Fixed shares per locality; not together with failover.',
    ),
    failover,
    failoverPriority,
    enabled: optionalFlag('Turns locality load balancing on or off for this host.', {
      fallback: 'as the mesh says',
    }),
  },
);

export const zoneAwareLbSetting: Schema = record(
  'ZoneAwareLoadBalancerSetting',
  'Keeps traffic in the zone of the client as far as capacity allows.',
  {
    enabled: optionalFlag('Turns it on or off for this host.', { fallback: 'as the mesh says' }),
    failover,
    failoverPriority,
    minClusterSize: uint64('Endpoints below which zones are ignored.', {
      minimum: 1,
      nullable: true,
      fallback: '6',
    }),
  },
);

const warmup = record(
  'WarmupConfiguration',
  'Raises the share of a new endpoint slowly.',
  {
    duration: duration('How long an endpoint is warmed up.'),
    minimumPercent: double('Share it starts with.', {
      minimum: 0,
      maximum: 100,
      nullable: true,
      fallback: '10',
    }),
    aggression: double('Form of the curve; 1 is a straight line.', {
      minimum: 0,
      nullable: true,
      fallback: '1',
    }),
  },
  { required: ['duration'] },
);

export const loadBalancer: Schema = record(
  'LoadBalancerSettings',
  'How an endpoint is chosen.',
  {
    simple: oneOfWords(
      'LEAST_REQUEST picks the less busy of two, RANDOM any, ROUND_ROBIN each in turn, PASSTHROUGH the address the caller used. LEAST_CONN is the former name of LEAST_REQUEST.',
      ['UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'],
      { fallback: 'LEAST_REQUEST' },
    ),
    consistentHash,
    localityLbSetting: as(
      localityLbSetting,
      'Prefers endpoints near the client; overrides the setting of the mesh.',
    ),
    zoneAwareLbSetting: as(
      zoneAwareLbSetting,
      'Keeps traffic in the zone of the client; not together with localityLbSetting.',
    ),
    warmupDurationSecs: duration('Former form of warmup.duration.'),
    warmup,
  },
  atMostOne(['simple', 'consistentHash']),
);
