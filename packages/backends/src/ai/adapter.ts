import type { Answerer, Captioner, Generator, Judge, TripletExtractor, Warning } from '@perstream/spec'
import { type AiAnswererOptions, createAnswerer } from './answerer'
import { type AiBudgetOptions, type AiUsage, Budget } from './budget'
import type { AiCache } from './cache'
import { type AiCaptionerOptions, createCaptioner } from './captioner'
import { createGenerator } from './generator'
import { encodeJpeg, type ImageEncoder } from './images'
import { type AiJudgeOptions, createJudge } from './judge'
import { type AiLanguageModel, requireLanguageModel } from './language-model'
import { type AiRetryOptions, createBackoff } from './retry'
import { AiService, type AiSetting } from './service'
import { type AiTripletOptions, createTripletExtractor } from './triplets'
import type { AiEmbeddings } from './vllm'

/** What the parts of one adapter share. */
export interface AiAdapterOptions {
  readonly budget?: AiBudgetOptions | undefined
  readonly retry?: AiRetryOptions | undefined
  /** Keeps answers: what was asked before is not asked again, whatever its temperature. Default: none. */
  readonly cache?: AiCache | undefined
  /** Milliseconds without a sign of the service (the whole reply, or the next piece of a stream) before it counts as failed. Default 120000. */
  readonly timeout?: number | undefined
  /** Settings that are never sent, for services that refuse them ('temperature' with some reasoning models). Default: none. */
  readonly omit?: readonly AiSetting[] | undefined
  /** Tokens added to each limit, for models that think within it. Default 0. */
  readonly thinkingTokens?: number | undefined
  /** Sent with each request, as the provider documents it. */
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
  /** Lets the model be given stored visual embeddings: {@link createVllmEmbeddings}. Default: refused, as hosted models take none. */
  readonly embeddings?: AiEmbeddings | undefined
  /** Makes files of pictures. Default: JPEG of quality 85, in JavaScript; in a browser give one that uses a canvas. */
  readonly encodeImage?: ImageEncoder | undefined
  /** Receives what the provider could not do of what was asked: a setting that it does not know. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/** A hosted language model as the parts of PerStream that can be one. They share its budget, its cache and its line of requests. */
export interface AiAdapter {
  readonly modelId: string
  /** What was spent so far, by all parts. */
  readonly usage: AiUsage
  captioner(options?: AiCaptionerOptions): Captioner
  tripletExtractor(options?: AiTripletOptions): TripletExtractor
  generator(): Generator
  answerer(options?: AiAnswererOptions): Answerer
  judge(options?: AiJudgeOptions): Judge
}

/**
 * Adapts a language model of the Vercel AI SDK (ai 5 and later, specification v2 to v4): the object that a provider makes, not an id. Nothing
 * is read from the environment and no gateway is used. All parts throw, beside what they name themselves, PerStreamError `service-refused`
 * (key or content), `service-limited`, `service-unreachable`, `service-failed`, `model-missing`, `model-unsupported`, `prompt-too-long`,
 * `reply-invalid` and `budget-exceeded`. Errors hold no request and no header.
 * @throws TypeError for what is no model, or an option out of range
 */
export function createAiAdapter(model: AiLanguageModel, options: AiAdapterOptions = {}): AiAdapter {
  requireLanguageModel(model)
  const { cache, embeddings, omit = [], onWarning, providerOptions, thinkingTokens = 0, timeout = 120_000 } = options
  const { encodeImage = (image) => encodeJpeg(image, 85) } = options
  if (!(timeout > 0)) throw new TypeError(`timeout is ${timeout}: it must be milliseconds above 0`)
  if (!Number.isInteger(thinkingTokens) || thinkingTokens < 0)
    throw new TypeError(`thinkingTokens is ${thinkingTokens}: it must be a whole number, 0 or more`)
  const budget = new Budget(options.budget)
  const backoff = createBackoff(options.retry)
  const service = new AiService({
    model,
    budget,
    backoff,
    cache,
    omit,
    onWarning,
    providerOptions,
    thinkingTokens,
    timeout,
  })
  return {
    modelId: model.modelId,
    get usage() {
      return budget.usage
    },
    captioner: (captionerOptions) => createCaptioner(service, encodeImage, captionerOptions),
    tripletExtractor: (tripletOptions) => createTripletExtractor(service, tripletOptions),
    generator: () => createGenerator(service, { encodeImage, embeddings }),
    answerer: (answererOptions) => createAnswerer(service, embeddings, answererOptions),
    judge: (judgeOptions) => createJudge(service, judgeOptions),
  }
}
