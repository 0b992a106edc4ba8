import { PerStreamError, type PromptPart, type PromptTurn } from '@perstream/spec'
import type { VisualSpan } from '../positions'
import type { ChatTemplate } from './chat-template'
import type { ControlToken, TextTokenizer } from './tokenizer'

/** A part of a prompt that is seen, with the size of its grid. */
export interface VisualPart {
  readonly part: Exclude<PromptPart, { readonly kind: 'text' }>
  readonly rows: number
  readonly columns: number
}

/** A prompt as tokens. */
export interface EncodedPrompt {
  readonly ids: readonly number[]
  /** Where what is seen stands, in order; as many as `visuals`. */
  readonly spans: readonly VisualSpan[]
  readonly visuals: readonly VisualPart[]
}

/** What {@link encodePrompt} needs of a model. */
export interface PromptEncoding {
  readonly tokenizer: TextTokenizer
  readonly template: ChatTemplate
  /** The token that stands for one row of what is seen. */
  readonly imageToken?: ControlToken | undefined
  /** The grid that a part will have. */
  measure(part: VisualPart['part']): VisualPart
}

/**
 * Encodes turns. Text is never more than text: what spells a control token is taken out before the template sees it
 * and put back as plain characters after the template's own control tokens were found, so the result is that of the
 * model's own tokenizer wherever no such text occurs.
 * @throws PerStreamError `model-invalid` when the template shows another number of images than the turns have
 */
export function encodePrompt(
  turns: readonly PromptTurn[],
  { tokenizer, template, imageToken, measure }: PromptEncoding,
  { open }: { readonly open: boolean },
): EncodedPrompt {
  const merged = turns.map(mergeText)
  const visuals = merged.flatMap(({ parts }) => parts.filter((part) => part.kind !== 'text').map(measure))
  const guard = createGuard(merged, template.source, tokenizer.controlTokens)
  const text = template.render(merged.map(guard.hide), { open })
  const ids: number[] = []
  const spans: VisualSpan[] = []
  for (const piece of splitControls(text, tokenizer)) {
    if (typeof piece === 'string') {
      for (const id of tokenizer.encodePlain(guard.restore(piece))) ids.push(id)
    } else if (piece.id === imageToken?.id) {
      const visual = visuals[spans.length]
      if (!visual) throw wrongImages(visuals.length, `more than ${visuals.length}`)
      spans.push({ start: ids.length, rows: visual.rows, columns: visual.columns })
      for (let i = 0; i < visual.rows * visual.columns; i++) ids.push(piece.id)
    } else ids.push(piece.id)
  }
  if (spans.length !== visuals.length) throw wrongImages(visuals.length, String(spans.length))
  return { ids, spans, visuals }
}

function wrongImages(wanted: number, found: string): PerStreamError {
  return new PerStreamError(
    'model-invalid',
    `The model's chat template shows ${found} images for a prompt with ${wanted}: it is not the template of a vision model`,
  )
}

/**
 * Makes one part of texts that follow each other: templates put nothing between them, so together they might spell
 * what neither does.
 */
function mergeText({ role, parts }: PromptTurn): PromptTurn {
  const merged: PromptPart[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (part.kind === 'text' && last?.kind === 'text')
      merged[merged.length - 1] = { kind: 'text', text: last.text + part.text }
    else merged.push(part)
  }
  return { role, parts: merged }
}

interface Guard {
  hide(turn: PromptTurn): PromptTurn
  restore(text: string): string
}

/** Replaces the spelling of control tokens in texts by marks that occur nowhere else. */
function createGuard(turns: readonly PromptTurn[], template: string, controls: readonly ControlToken[]): Guard {
  const texts = turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])))
  const spelled = controls.filter(({ content }) => texts.some((text) => text.includes(content)))
  if (spelled.length === 0) return { hide: (turn) => turn, restore: (text) => text }
  const mark = unusedCharacter([...texts, template])
  const hideText = (text: string) =>
    spelled.reduce((hidden, { content }, i) => hidden.replaceAll(content, mark + String(i) + mark), text)
  const marked = new RegExp(`${mark}(\\d+)${mark}`, 'g')
  return {
    hide: ({ role, parts }) => ({
      role,
      parts: parts.map((part) => (part.kind === 'text' ? { kind: 'text', text: hideText(part.text) } : part)),
    }),
    restore: (text) => text.replace(marked, (_, i: string) => spelled[Number(i)]!.content),
  }
}

/** A private-use character that none of the texts has. */
function unusedCharacter(texts: readonly string[]): string {
  for (let code = 0xe000; code < 0xf900; code++) {
    const character = String.fromCharCode(code)
    if (!texts.some((text) => text.includes(character))) return character
  }
  throw new PerStreamError('input-invalid', 'The prompt holds every private-use character of Unicode: leave one out')
}

/** Cuts text at control tokens, the longest where several begin. */
function* splitControls(text: string, tokenizer: TextTokenizer): Generator<string | ControlToken> {
  const pattern = new RegExp(
    tokenizer.controlTokens.map(({ content }) => escapePattern(content)).join('|') || '(?!)',
    'g',
  )
  let from = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) yield text.slice(from, match.index)
    yield tokenizer.control(match[0])!
    from = match.index + match[0].length
  }
  if (from < text.length) yield text.slice(from)
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
