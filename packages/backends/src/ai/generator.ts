import { type Generator, PerStreamError, type PromptPart, type PromptTurn } from '@perstream/spec'
import type { ImageEncoder } from './images'
import type { AiRequest, RequestPart, RequestTurn } from './request'
import type { AiService } from './service'
import type { AiEmbeddings } from './vllm'

/** What turns pictures and embeddings into parts of a request. */
export interface PartEncoders {
  readonly encodeImage: ImageEncoder
  readonly embeddings: AiEmbeddings | undefined
}

/** Makes a generator: it sends turns as they are given, so what they say is up to the caller. Its text streams. */
export function createGenerator(service: AiService, encoders: PartEncoders): Generator {
  return {
    async *generate(prompt, { maxNewTokens = 200, temperature = 0, topK, topP, stop, seed, signal } = {}) {
      for (const [name, value] of Object.entries({ maxNewTokens, topK: topK ?? 1 }))
        if (!Number.isInteger(value) || value < 1)
          throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
      if (!(temperature >= 0)) throw new TypeError(`temperature is ${temperature}: it must be 0 or more`)
      if (topP !== undefined && !(topP > 0 && topP <= 1))
        throw new TypeError(`topP is ${topP}: it must be above 0 and at most 1`)
      signal?.throwIfAborted()
      const request: AiRequest = {
        turns: await Promise.all(prompt.map((turn) => toRequestTurn(turn, encoders, service))),
        maxOutputTokens: maxNewTokens,
        temperature,
        topK,
        topP,
        stopSequences: stop,
        seed,
      }
      yield* service.stream(request, { signal })
    },
  }
}

async function toRequestTurn(
  { role, parts }: PromptTurn,
  encoders: PartEncoders,
  service: AiService,
): Promise<RequestTurn> {
  const odd = role === 'user' ? undefined : parts.find(({ kind }) => kind !== 'text')
  if (odd)
    throw new TypeError(
      `a ${role} turn has a part of kind "${odd.kind}": only user turns can have other parts than text`,
    )
  return { role, parts: await Promise.all(parts.map((part) => toRequestPart(part, encoders, service))) }
}

async function toRequestPart(
  part: PromptPart,
  { encodeImage, embeddings }: PartEncoders,
  service: AiService,
): Promise<RequestPart> {
  if (part.kind === 'text') return part
  if (part.kind === 'image') return { kind: 'image', ...(await encodeImage(part.image)) }
  if (embeddings) return { kind: 'embedding', part: embeddings.toContentPart(part.grid) }
  const { provider, modelId } = service.name
  throw new PerStreamError(
    'model-unsupported',
    `${provider} "${modelId}" is asked with stored visual embeddings, which hosted models do not take: give it images, or serve the model with vLLM (--enable-mm-embeds) and give createAiAdapter embeddings: createVllmEmbeddings({ space: ${JSON.stringify(part.grid.space)} })`,
    { fields: { provider, modelId, space: part.grid.space } },
  )
}
