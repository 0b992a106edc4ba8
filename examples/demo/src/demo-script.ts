import { findVisible, type Span } from './camera/visibility'
import { frameRate, pictureSize, planProduction } from './script/production'
import { type DemoQuestion, questionsOf } from './script/questions'

/** A text of the world, and when it can be seen: the truth that reading is measured against. */
export interface DemoText extends Span {
  readonly id: string
  /** Its lines from top to bottom, as printed. */
  readonly lines: readonly string[]
  /** Its words in that order, as printed. */
  readonly words: readonly string[]
  /**
   * When it is substantially visible: wholly in the picture, unobstructed, its smallest capitals at least 8 pixels of 480
   * high. The picture may be blurred meanwhile. `fromSecond` and `toSecond` of the text span all of these.
   */
  readonly visible: readonly Span[]
}

/** All that a clip shows, known without rendering it. */
export interface DemoScript {
  readonly seed: number
  /** Seconds. */
  readonly duration: number
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** The container's creation time. */
  readonly recordedAt: Date
  readonly questions: readonly DemoQuestion[]
  readonly texts: readonly DemoText[]
}

/**
 * Tells what the clip of a seed shows, when, and what may be asked about it. Pure: it depends on the seed alone. Takes about
 * a tenth of a second.
 * @throws TypeError when the seed is no whole number from 0 on
 */
export function demoScript(seed: number): DemoScript {
  const { content, sheets, world, path, frames } = planProduction(seed)
  const visible = findVisible(sheets, world, { path, frames, frameRate, size: pictureSize })
  const texts = sheets.map(({ id, lines }): DemoText => {
    const spans = visible.get(id)!
    const printed = lines.map((line) => line.text)
    return {
      id,
      lines: printed,
      words: printed.flatMap((line) => line.split(' ')),
      visible: spans,
      fromSecond: spans[0]?.fromSecond ?? 0,
      toSecond: spans.at(-1)?.toSecond ?? 0,
    }
  })
  return {
    seed,
    duration: frames / frameRate,
    ...pictureSize,
    frameRate,
    recordedAt: content.recordedAt,
    questions: questionsOf(content),
    texts,
  }
}
