import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createLitePreset, createOmniPreset, createRemotePreset, type PipelinePreset } from 'perstream'

/** Opens what the name says; where models and the service are, the environment says. */
export async function openPreset(name: string): Promise<PipelinePreset> {
  const text = process.env.TEXT_MODEL ?? 'all-MiniLM-L6-v2'
  switch (name) {
    case 'lite':
      return createLitePreset()
    case 'local':
      return createOmniPreset({ text, model: process.env.LOCAL_MODEL ?? 'Qwen2.5-Omni-7B', dtype: 'q4' })
    case 'remote': {
      const baseURL = process.env.SERVICE_URL ?? 'http://127.0.0.1:8000/v1'
      const service = createOpenAICompatible({ name: 'service', baseURL, includeUsage: true })
      return createRemotePreset({ text, model: service(process.env.SERVICE_MODEL ?? 'Qwen/Qwen2.5-VL-7B-Instruct') })
    }
    default:
      throw new TypeError(`There is no preset "${name}": give lite, local or remote`)
  }
}
