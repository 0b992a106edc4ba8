import { join } from 'node:path'
import { createFlowKeyframes, openFrameSource } from '@perstream/video'
import { nodeAvDriver } from '@perstream/video/node-av'
import { describe, expect, it } from 'vitest'
import { sharedMaterial } from './media'

const clips = ['egoloc-video1', 'egoloc-video2', 'egoloc-video3', 'gopro-max-heromode']
const skipped = sharedMaterial ? '' : ' (skipped: no shared material)'

describe.skipIf(!sharedMaterial)(`flow keyframes of real clips${skipped}`, () => {
  it.each(clips)('keeps 0.3 to 2 keyframes a second of %s', async (clip) => {
    const path = join(sharedMaterial!, 'videos', `${clip}.mp4`)
    await using source = await openFrameSource(path, { drivers: [nodeAvDriver()] })
    let kept = 0
    for await (const { frame } of createFlowKeyframes().select(source)) {
      kept++
      frame.release()
    }
    expect(kept / source.duration!).toBeGreaterThanOrEqual(0.3)
    expect(kept / source.duration!).toBeLessThanOrEqual(2)
  })

  it('reads when a recording began', async () => {
    await using source = await nodeAvDriver().open(join(sharedMaterial!, 'videos', 'gopro-max-heromode.mp4'))
    expect(source.startedAt).toEqual(new Date('2019-11-18T15:45:32Z'))
  })
})
