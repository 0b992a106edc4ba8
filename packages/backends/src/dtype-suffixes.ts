import type { ModelDtype } from '@perstream/spec'

/** What the name of a model's file ends with in the transformers.js layout, before '.onnx'; the finest first. */
export const dtypeSuffixes: Readonly<Record<ModelDtype, string>> = {
  f32: '',
  f16: '_fp16',
  int8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
}

/** All dtypes, the finest first. */
export const finestFirst = Object.keys(dtypeSuffixes) as readonly ModelDtype[]
