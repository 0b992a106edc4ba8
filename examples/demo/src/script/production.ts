import { createRandom } from '@perstream/kit'
import { type CameraPath, createCameraPath } from '../camera/path'
import { buildWorld, type World } from '../scene/world'
import { contentOf, type DemoContent } from './content'
import { hasPart, questionsOf } from './questions'
import { type Sheet, sheetsOf } from './sheets'

/** Frames a second of the clip. */
export const frameRate = 15
/** The clip's size in pixels. */
export const pictureSize = { width: 960, height: 540 } as const

/** Everything a clip is made from. */
export interface Production {
  readonly seed: number
  readonly content: DemoContent
  readonly sheets: readonly Sheet[]
  readonly world: World
  readonly path: CameraPath
  readonly frames: number
}

/** Plans the clip of a seed. Pure and quick; nothing is drawn. @throws TypeError when the seed is no whole number from 0 on */
export function planProduction(seed: number): Production {
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 2 ** 31)
    throw new TypeError(`seed must be a whole number from 0 to 2147483648, got ${seed}`)
  const content = contentOf(seed, isAmbiguous)
  const sheets = sheetsOf(content)
  const world = buildWorld(sheets, createRandom(seed * 13 + 5))
  const path = createCameraPath(world.knots, seed)
  return { seed, content, sheets, world, path, frames: Math.floor(world.knots.at(-1)!.second * frameRate) }
}

/** Whether the answer to a question stands in a text that is not the one that shows it. */
function isAmbiguous(content: DemoContent): boolean {
  const sheets = sheetsOf(content).map(({ id, lines }) => ({ id, text: lines.map((line) => line.text).join(' ') }))
  return questionsOf(content).some(({ accept, shownBy }) =>
    accept.some((parts) => sheets.some(({ id, text }) => id !== shownBy && parts.some((part) => hasPart(text, part)))),
  )
}
