/** A question as the prototype schedules it: by frame number. */
export interface CompatQuery {
  readonly query: string
  readonly frame: number
}

/** The steps the prototype's loop calls, in its own order. */
export interface CompatLoopSteps<Frame, Embedding> {
  /** Decides on one keyframe, and gives its pooled embedding. */
  gate(frame: Frame): Promise<{ remember: boolean; embedding: Embedding }>
  /** Embeds a keyframe that joins a buffer without being asked. */
  embed(frame: Frame): Promise<Embedding>
  /** Captions a buffer and stores it; called once for each buffer. */
  store(buffer: readonly { frame: Frame; embedding: Embedding }[]): Promise<void>
  /** Replies to a buffer by itself. Absent: proactive replies are off. */
  proactive?(first: { frame: Frame; embedding: Embedding }, shortTerm: readonly Embedding[]): Promise<string>
  /** Answers a question. */
  passive(query: string, shortTerm: readonly Embedding[]): Promise<string>
}

/** What the loop runs over. */
export interface CompatLoopInput<Frame> {
  readonly keyframes: readonly Frame[]
  /** Frame numbers of the keyframes. */
  readonly ids: readonly number[]
  readonly queries: readonly CompatQuery[]
  readonly bufferSize: number
  readonly queueSize: number
}

/** A question or '[PROACTIVE]', and the reply. */
export type CompatRecord = readonly [question: string, reply: string]

/**
 * Runs the prototype's main loop exactly as shipped (BEHAVIOUR 5.3, vectors E2 to E4): frames that fill a buffer skip the
 * gate, the short-term queue and the questions (B-22); a buffer size of 0 ends the loop at once (B-21); a silence tag is
 * recorded as a reply (B-27). `createPerStream` does none of this.
 */
export async function runCompatLoop<Frame, Embedding>(
  { keyframes, ids, queries, bufferSize, queueSize }: CompatLoopInput<Frame>,
  steps: CompatLoopSteps<Frame, Embedding>,
): Promise<CompatRecord[]> {
  const records: CompatRecord[] = []
  const shortTerm: Embedding[] = []
  const open = [...queries]
  const answer = async (query: CompatQuery) => {
    open.splice(open.indexOf(query), 1)
    records.push([query.query, await steps.passive(query.query, [...shortTerm])])
  }
  for (let index = 0; index < keyframes.length && bufferSize > 0; index++) {
    const id = ids[index]!
    const frame = keyframes[index]!
    const { remember, embedding } = await steps.gate(frame)
    shortTerm.push(embedding)
    if (shortTerm.length > queueSize) shortTerm.shift()
    if (remember) {
      const first = { frame, embedding }
      const buffer = [first]
      while (buffer.length < bufferSize && index + 1 < keyframes.length) {
        const next = keyframes[++index]!
        buffer.push({ frame: next, embedding: await steps.embed(next) })
      }
      await steps.store(buffer)
      const reply = await steps.proactive?.(first, [...shortTerm])
      if (reply) records.push(['[PROACTIVE]', reply])
    }
    for (const query of open.filter((item) => item.frame <= id)) await answer(query)
  }
  for (const query of [...open]) await answer(query)
  return records
}
