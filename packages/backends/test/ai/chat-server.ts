import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A chat request as it came over HTTP. */
export interface ChatRequest {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: {
    readonly model: string
    readonly stream?: boolean
    readonly temperature?: number
    readonly max_tokens?: number
    readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema: unknown } }
    readonly messages: readonly { readonly role: string; readonly content: string | readonly ContentPart[] }[]
    readonly [name: string]: unknown
  }
  /** All text of the request, in order. */
  readonly text: string
}

export interface ContentPart {
  readonly type: string
  readonly text?: string
  readonly image_url?: { readonly url: string }
  readonly image_embeds?: unknown
}

/** What the server does with a request. */
export type Reaction =
  | {
      readonly say: string
      readonly pieces?: number
      readonly finish?: string
      readonly usage?: readonly [number, number] | null
    }
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Sends a beginning and destroys the connection. */
  | { readonly cutAfter: string }
  /** Ends a stream properly, but without a finish reason. */
  | { readonly endAfter: string }
  /** Sends a beginning and then an error as a piece of the stream. */
  | { readonly errorAfter: string; readonly error: unknown }
  /** Sends a beginning and then nothing. */
  | { readonly hangAfter: string }
  | { readonly refuse: string }
  /** Sends this body as it is, with status 200. */
  | { readonly raw: string; readonly type?: string }

/** An OpenAI-compatible server on this machine: real HTTP, real server-sent events, scripted replies. */
export interface ChatServer extends AsyncDisposable {
  readonly baseURL: string
  readonly requests: ChatRequest[]
  /** Requests being answered now, and the most there were at a time. */
  readonly open: () => number
  readonly mostOpen: () => number
}

/** Starts a server that takes reactions from a list (the last repeats) or from a function. */
export async function startChatServer(
  script: readonly Reaction[] | ((request: ChatRequest) => Reaction | Promise<Reaction>),
): Promise<ChatServer> {
  const requests: ChatRequest[] = []
  let [open, most] = [0, 0]
  const server = createServer((incoming, outgoing) => {
    most = Math.max(most, ++open)
    outgoing.once('close', () => open--)
    void (async () => {
      const request = await readRequest(incoming)
      requests.push(request)
      const reaction = Array.isArray(script)
        ? script[Math.min(requests.length, script.length) - 1]!
        : await (script as (request: ChatRequest) => Reaction | Promise<Reaction>)(request)
      await react(reaction, request, outgoing)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    open: () => open,
    mostOpen: () => most,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<ChatRequest> {
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk
  const body = JSON.parse(text) as ChatRequest['body']
  const said = body.messages.map(({ content }) =>
    typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('\n'),
  )
  return { path: incoming.url ?? '', authorization: incoming.headers.authorization, body, text: said.join('\n') }
}

async function react(reaction: Reaction, request: ChatRequest, outgoing: ServerResponse): Promise<void> {
  if ('status' in reaction) return sendError(reaction, outgoing)
  if ('raw' in reaction) {
    outgoing.writeHead(200, { 'content-type': reaction.type ?? 'application/json' }).end(reaction.raw)
    return
  }
  if (request.body.stream) return sendStream(reaction, request, outgoing)
  if ('say' in reaction)
    return sendWhole({ content: reaction.say }, reaction.finish ?? 'stop', reaction.usage, outgoing)
  if ('refuse' in reaction) return sendWhole({ content: null, refusal: reaction.refuse }, 'stop', undefined, outgoing)
  if ('hangAfter' in reaction) return
  outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
  outgoing.write('{"choices":[{"mess')
  await wait(10)
  outgoing.destroy()
}

function sendError({ status, body, headers }: Extract<Reaction, { status: number }>, outgoing: ServerResponse): void {
  const error = body ?? { error: { message: `failed with ${status}`, type: 'error', code: null } }
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(error))
}

function usageOf(usage: readonly [number, number] | null | undefined) {
  if (usage === null) return undefined
  const [prompt, completion] = usage ?? [100, 20]
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

function sendWhole(
  message: object,
  finish: string,
  usage: readonly [number, number] | null | undefined,
  outgoing: ServerResponse,
): void {
  const choice = { index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }
  const body = { id: 'r1', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage: usageOf(usage) }
  outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function sendStream(
  reaction: Exclude<Reaction, { status: number } | { raw: string }>,
  request: ChatRequest,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
  outgoing.flushHeaders()
  const send = (data: unknown) => outgoing.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  const chunk = (delta: object, finish: string | null = null) =>
    send({
      id: 'r1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  const text =
    'say' in reaction
      ? reaction.say
      : 'cutAfter' in reaction
        ? reaction.cutAfter
        : 'hangAfter' in reaction
          ? reaction.hangAfter
          : 'endAfter' in reaction
            ? reaction.endAfter
            : 'errorAfter' in reaction
              ? reaction.errorAfter
              : ''
  chunk({ role: 'assistant', content: '' })
  const size = 'say' in reaction && reaction.pieces ? Math.ceil(text.length / reaction.pieces) : 4
  for (let at = 0; at < text.length; at += size) {
    chunk({ content: text.slice(at, at + size) })
    await wait(1)
  }
  if ('hangAfter' in reaction) return
  if ('cutAfter' in reaction) {
    await wait(10)
    outgoing.destroy()
    return
  }
  if ('errorAfter' in reaction) send({ error: reaction.error })
  if ('refuse' in reaction) chunk({ refusal: reaction.refuse })
  if ('say' in reaction || 'refuse' in reaction) {
    chunk({}, ('say' in reaction && reaction.finish) || 'stop')
    const usage = usageOf('say' in reaction ? reaction.usage : undefined)
    const wanted = (request.body.stream_options as { include_usage?: boolean } | undefined)?.include_usage
    if (usage && wanted) send({ id: 'r1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })
  }
  if (!('endAfter' in reaction)) send('[DONE]')
  outgoing.end()
}
