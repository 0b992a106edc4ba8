/** Models on the hub that presets take where none is named. */
export const publishedModels = {
  text: 'sentence-transformers/all-MiniLM-L6-v2',
  standard: 'HuggingFaceTB/SmolVLM-256M-Instruct',
  vision: 'onnx-community/dinov2-small',
  omni: 'Qwen/Qwen2.5-Omni-7B',
} as const

/** A cross-encoder on the hub, for who wants one. */
export const publishedReranker = 'cross-encoder/ms-marco-MiniLM-L6-v2'

const transformersParts = ['decoder_model_merged', 'embed_tokens', 'vision_encoder']

/** What of a repository is needed: the others hold the same weights in other forms. */
const files: Readonly<Record<string, readonly string[]>> = {
  [publishedModels.text]: ['*.json', 'model.safetensors'],
  [publishedReranker]: ['*.json', 'model.safetensors'],
  [publishedModels.standard]: ['*.json', ...transformersParts.map((name) => `onnx/${name}.onnx`)],
  [publishedModels.vision]: ['*.json', 'onnx/model.onnx'],
}

/** The command that pulls a model from the hub. */
export function pullCommand(id: string): string {
  const wanted = files[id]?.map((file) => (file.includes('*') ? `"${file}"` : file))
  return `perstream models pull ${id}${wanted ? ` --files ${wanted.join(' ')}` : ''}`
}
