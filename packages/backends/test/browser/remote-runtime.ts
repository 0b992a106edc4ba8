import {
  PerStreamError,
  type PerStreamErrorCode,
  type Tensor,
  type TensorHandle,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import type { Page } from 'playwright-core'
import { decodeValue, encodeValue } from './tensor-text'

type Reply = {
  readonly result?: unknown
  readonly error?: { message: string; code?: PerStreamErrorCode; kind?: string; aborted: boolean }
}

let signals = 0

/** Calls into the page; a signal is its last argument and is passed on. */
export async function callPage<Result>(
  page: Page,
  name: string,
  values: readonly unknown[],
  signal?: AbortSignal,
): Promise<Result> {
  const number = signal && ++signals
  const evaluate = (what: string, given: readonly unknown[]) =>
    page.evaluate(
      ([each, text]) =>
        (globalThis as unknown as { callPage(name: string, text: string): Promise<string> }).callPage(each!, text!),
      [what, encodeValue(given)],
    )
  const abort = () => void evaluate('abort', [number])
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  const { result, error } = decodeValue(
    await evaluate(name, number === undefined ? values : [...values, number]),
  ) as Reply
  signal?.removeEventListener('abort', abort)
  // An abort can reach the page after the call has ended there.
  if (signal?.aborted && (!error || error.aborted)) throw signal.reason
  if (!error) return result as Result
  if (error.code) throw new PerStreamError(error.code, error.message)
  throw error.kind === 'TypeError' ? new TypeError(error.message) : new Error(error.message)
}

/** A runtime that lives in a page, seen from here. */
export function remoteRuntime(page: Page, options: unknown): TensorRuntime {
  let made: Promise<number> | undefined
  const runtime = () => {
    made ??= callPage<number>(page, 'runtime', [options])
    return made
  }
  return {
    name: 'onnxruntime-web',
    capabilities: async ({ signal } = {}) => callPage(page, 'capabilities', [await runtime()], signal),
    async open(model, { signal, ...rest } = {}) {
      const opened = await callPage<TensorSession & { session: number }>(
        page,
        'open',
        [await runtime(), model, rest],
        signal,
      )
      return remoteSession(page, opened)
    },
  }
}

type Feeds = Readonly<Record<string, Tensor | TensorHandle>>
type Sent = Record<string, unknown>
type SentHandle = TensorHandle & { handle: number }

const numbers = new WeakMap<TensorHandle, number>()

function remoteSession(
  page: Page,
  { session, device, inputs, outputs }: TensorSession & { session: number },
): TensorSession {
  return {
    device,
    inputs,
    outputs,
    run(feeds, { signal, outputs: asked } = {}) {
      const send = (sent: Sent) => callPage<Record<string, Tensor>>(page, 'run', [session, sent, asked ?? null], signal)
      return withFeeds(feeds, send)
    },
    async runHeld(feeds, { signal, outputs: asked } = {}) {
      const send = (sent: Sent) =>
        callPage<Record<string, SentHandle>>(page, 'runHeld', [session, sent, asked ?? null], signal)
      const handles = await withFeeds(feeds, send)
      return Object.fromEntries(Object.entries(handles).map(([name, each]) => [name, remoteHandle(page, each)]))
    },
    [Symbol.asyncDispose]: () => callPage(page, 'close', [session]),
  }
}

function remoteHandle(page: Page, { type, shape, handle }: SentHandle): TensorHandle {
  const remote: TensorHandle = {
    type,
    shape,
    read: () => callPage<Tensor>(page, 'read', [handle]),
    [Symbol.dispose]: () => void callPage(page, 'dispose', [handle]),
  }
  numbers.set(remote, handle)
  return remote
}

/** Sends what is there at once, so that calls arrive in the order in which they are made; reads other handles before. */
function withFeeds<Result>(feeds: Feeds, send: (sent: Sent) => Promise<Result>): Promise<Result> {
  const sent: Sent = {}
  const foreign: Promise<unknown>[] = []
  for (const [name, feed] of Object.entries(feeds)) {
    if (!('read' in feed)) sent[name] = feed
    else if (numbers.has(feed)) sent[name] = { handle: numbers.get(feed) }
    else foreign.push(feed.read().then((tensor) => Object.assign(sent, { [name]: tensor })))
  }
  return foreign.length === 0 ? send(sent) : Promise.all(foreign).then(() => send(sent))
}
