import type { Speech } from '@perstream/spec'

/** A retrieved memory as the prototype's proactive prompt shows it. */
export interface ProactiveMemory {
  readonly category: string
  /** Null is printed as "None", as the prototype does. */
  readonly text: string | null
}

const silenceTag = '</silence>'

/**
 * Builds the prototype's proactive memory block, in retrieval order and without a limit of length. It is empty without memories: the
 * prototype puts a sentence of its own there. (BEHAVIOUR 8.3, vector G5)
 */
export function buildProactiveMemoryBlock(memories: readonly ProactiveMemory[]): string {
  return memories
    .map(
      ({ category, text }, index) =>
        `Memory ${index + 1}:\n- Category: ${category}\n- Description: ${text ?? 'None'}\n`,
    )
    .join('\n')
}

/**
 * Reads a proactive reply, decoded with and without special tokens: silence when the tag occurs in either or the text is blank, else the
 * trimmed text. Response tags and quotes stay, and "[SILENT]" is an ordinary text, as in the prototype. Silence is a
 * value here where the prototype returns its tag. (BEHAVIOUR 8.3, vectors G4, E3)
 */
export function parseProactiveReply(reply: { readonly withSpecial: string; readonly withoutSpecial: string }): Speech {
  if (reply.withSpecial.includes(silenceTag) || reply.withoutSpecial.includes(silenceTag))
    return { kind: 'silent', reason: 'the model gave the silence tag' }
  const text = reply.withoutSpecial.trim()
  return text === ''
    ? { kind: 'silent', reason: 'the model gave a blank reply' }
    : { kind: 'spoke', text, citations: [] }
}

/**
 * Makes the record that the prototype's loop keeps of a proactive reply: `['[PROACTIVE]', text]`, and nothing for silence. The prototype
 * records the silence tag as an alert; this is the corrected value. (vector E3)
 */
export function recordReply(speech: Speech): readonly (readonly ['[PROACTIVE]', string])[] {
  return speech.kind === 'spoke' ? [['[PROACTIVE]', speech.text]] : []
}
