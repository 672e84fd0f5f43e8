import { message, repeated } from '../message.ts';
import { bool, boolValue, enumeration, optionalBool, string, uint32, uint32Value } from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { extension, RuntimeFeatureFlag } from './core.ts';

/** The compressor and decompressor filters and their libraries. */
const ns = 'envoy.extensions.filters.http';

const compressorDirection = message(`${ns}.compressor.v3.Compressor.CommonDirectionConfig`, {
  enabled: RuntimeFeatureFlag,
  min_content_length: uint32Value(),
  content_type: repeated(string()),
});
export const Compressor = message(`${ns}.compressor.v3.Compressor`, {
  content_length: uint32Value(),
  content_type: repeated(string()),
  disable_on_etag_header: bool(),
  remove_accept_encoding_header: bool(),
  runtime_enabled: RuntimeFeatureFlag,
  compressor_library: required(extension('compressor')),
  request_direction_config: message(`${ns}.compressor.v3.Compressor.RequestDirectionConfig`, {
    common_config: compressorDirection,
  }),
  response_direction_config: message(`${ns}.compressor.v3.Compressor.ResponseDirectionConfig`, {
    common_config: compressorDirection,
    disable_on_etag_header: bool(),
    remove_accept_encoding_header: bool(),
    uncompressible_response_codes: repeated(uint32({ gte: 200, lt: 600 }), { unique: true }),
    status_header_enabled: bool(),
  }),
  choose_first: bool(),
});
export type Compressor = Infer<typeof Compressor>;
export const CompressorPerRoute = message(
  `${ns}.compressor.v3.CompressorPerRoute`,
  {
    disabled: optionalBool(),
    overrides: message(
      `${ns}.compressor.v3.CompressorOverrides`,
      {
        response_direction_config: message(`${ns}.compressor.v3.ResponseDirectionOverrides`, {
          remove_accept_encoding_header: boolValue(),
        }),
      },
      { unsupported: { compressor_library: "the filter's library is used" } },
    ),
  },
  {
    oneofs: [{ fields: ['disabled', 'overrides'], required: true }],
    check: (m, ctx) => {
      if (m.disabled === false) ctx.report('InvalidValue', 'disabled must be true');
    },
  },
);
export type CompressorPerRoute = Infer<typeof CompressorPerRoute>;

const decompressorDirection = message(`${ns}.decompressor.v3.Decompressor.CommonDirectionConfig`, {
  enabled: RuntimeFeatureFlag,
  ignore_no_transform_header: bool(),
});
export const Decompressor = message(`${ns}.decompressor.v3.Decompressor`, {
  decompressor_library: required(extension('decompressor')),
  request_direction_config: message(`${ns}.decompressor.v3.Decompressor.RequestDirectionConfig`, {
    common_config: decompressorDirection,
    advertise_accept_encoding: boolValue(true),
  }),
  response_direction_config: message(`${ns}.decompressor.v3.Decompressor.ResponseDirectionConfig`, {
    common_config: decompressorDirection,
  }),
});
export type Decompressor = Infer<typeof Decompressor>;

const compression = 'envoy.extensions.compression';
const chunkSize = uint32Value({ gte: 4096, lte: 65536, default: 4096 });
const windowBits = (absent: number) => uint32Value({ gte: 9, lte: 15, default: absent });
export const GzipCompressor = message(`${compression}.gzip.compressor.v3.Gzip`, {
  memory_level: uint32Value({ gte: 1, lte: 9, default: 5 }),
  compression_level: enumeration('CompressionLevel', {
    DEFAULT_COMPRESSION: 0,
    BEST_SPEED: 1,
    COMPRESSION_LEVEL_1: 1,
    COMPRESSION_LEVEL_2: 2,
    COMPRESSION_LEVEL_3: 3,
    COMPRESSION_LEVEL_4: 4,
    COMPRESSION_LEVEL_5: 5,
    COMPRESSION_LEVEL_6: 6,
    COMPRESSION_LEVEL_7: 7,
    COMPRESSION_LEVEL_8: 8,
    COMPRESSION_LEVEL_9: 9,
    BEST_COMPRESSION: 9,
  }),
  compression_strategy: enumeration('CompressionStrategy', [
    'DEFAULT_STRATEGY',
    'FILTERED',
    'HUFFMAN_ONLY',
    'RLE',
    'FIXED',
  ]),
  window_bits: windowBits(12),
  chunk_size: chunkSize,
});
export type GzipCompressor = Infer<typeof GzipCompressor>;
export const GzipDecompressor = message(`${compression}.gzip.decompressor.v3.Gzip`, {
  window_bits: windowBits(15),
  chunk_size: chunkSize,
  max_inflate_ratio: uint32Value({ gte: 1, lte: 1032, default: 100 }),
});
export type GzipDecompressor = Infer<typeof GzipDecompressor>;
export const BrotliCompressor = message(`${compression}.brotli.compressor.v3.Brotli`, {
  quality: uint32Value({ lte: 11, default: 3 }),
  encoder_mode: enumeration('EncoderMode', ['DEFAULT', 'GENERIC', 'TEXT', 'FONT']),
  window_bits: uint32Value({ gte: 10, lte: 24, default: 18 }),
  input_block_bits: uint32Value({ gte: 16, lte: 24, default: 24 }),
  chunk_size: chunkSize,
  disable_literal_context_modeling: bool(),
});
export type BrotliCompressor = Infer<typeof BrotliCompressor>;
export const BrotliDecompressor = message(`${compression}.brotli.decompressor.v3.Brotli`, {
  disable_ring_buffer_reallocation: bool(),
  chunk_size: chunkSize,
});
export const ZstdCompressor = message(
  `${compression}.zstd.compressor.v3.Zstd`,
  {
    compression_level: uint32Value({ default: 3 }),
    enable_checksum: bool(),
    strategy: enumeration('Strategy', [
      'DEFAULT',
      'FAST',
      'DFAST',
      'GREEDY',
      'LAZY',
      'LAZY2',
      'BTLAZY2',
      'BTOPT',
      'BTULTRA',
      'BTULTRA2',
    ]),
    chunk_size: chunkSize,
  },
  { unsupported: { dictionary: 'no dictionaries are loaded' } },
);
export type ZstdCompressor = Infer<typeof ZstdCompressor>;
export const ZstdDecompressor = message(
  `${compression}.zstd.decompressor.v3.Zstd`,
  { chunk_size: chunkSize },
  { unsupported: { dictionaries: 'no dictionaries are loaded' } },
);
