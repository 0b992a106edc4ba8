import { join } from 'node:path'
import { createLanguageModel, type LanguageModel, openLanguageModel } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import type { PromptTurn } from '@perstream/spec'

/** The folder of the small language model. */
export function smallModelFolder(models: string): string {
  return join(models, 'SmolLM2-135M-Instruct')
}

/** A language model and how to close it. */
export interface OpenedModel extends AsyncDisposable {
  readonly model: LanguageModel
}

/** Opens the small language model on the CPU; in a thread of its own, as users get it, or in this one. */
export async function openSmallModel(models: string, { worker = true } = {}): Promise<OpenedModel> {
  const runtime = createOnnxRuntime({ worker })
  const parts = await openLanguageModel(smallModelFolder(models), { runtime, device: 'cpu' })
  const model = await createLanguageModel(parts, { endTokens: [] })
  return { model, [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose]() }
}

/** One user turn. */
export function ask(text: string): PromptTurn[] {
  return [{ role: 'user', parts: [{ kind: 'text', text }] }]
}
