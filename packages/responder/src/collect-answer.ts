import type { Answer, AnswerPart, Citation } from '@perstream/spec'

/** Gathers the parts of an answer into one. It is answerable when it cites a memory and no part says 'not-seen'. */
export async function collectAnswer(parts: AsyncIterable<AnswerPart>): Promise<Answer> {
  const citations: Citation[] = []
  let text = ''
  let seen = true
  for await (const part of parts) {
    if (part.kind === 'citation') citations.push(part.citation)
    else text += part.text
    if (part.kind === 'not-seen') seen = false
  }
  return { text: text.trim(), answerable: seen && citations.length > 0, citations }
}
