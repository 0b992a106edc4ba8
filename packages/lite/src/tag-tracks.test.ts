import type { Caption, Detection } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createTagTracks } from './tag-tracks'

const thing = (label: string, score = 0.6, top = 0.2, bottom = 0.6): Detection => ({
  label,
  score,
  box: { left: 0.2, right: 0.5, top, bottom },
})

/** Feeds one frame a second; a frame of undefined is a second that nothing looked at. */
function follow(frames: readonly (readonly Detection[] | undefined)[]): Map<string, Caption> {
  const tracks = createTagTracks({ source: 'test', minScore: 0.35 })
  const captions = new Map<string, Caption>()
  for (const [seconds, detections] of frames.entries()) {
    const caption = detections && tracks.add({ frame: seconds * 30, seconds, detections })
    if (caption) captions.set(caption.track!, caption)
  }
  return captions
}

const textsOf = (captions: ReadonlyMap<string, Caption>) => [...captions.values()].map((caption) => caption.text)

describe('createTagTracks', () => {
  it('names what is seen as tags, the surest first', () => {
    expect(textsOf(follow([[thing('potted plant', 0.5), thing('cup', 0.8)]]))).toEqual(['a cup and a potted plant'])
    expect(textsOf(follow([[thing('orange', 0.9), thing('cup', 0.8), thing('tv')]]))).toEqual([
      'an orange, a cup and a tv',
    ])
    expect(textsOf(follow([[thing('cup')]]))).toEqual(['a cup'])
  })

  it('extends the evidence of what is seen again', () => {
    const captions = follow([[thing('cup'), thing('tv')], [thing('cup'), thing('tv')], [], [thing('cup')]])
    expect(captions.size).toBe(1)
    expect([...captions.values()][0]).toMatchObject({
      text: 'a cup and a tv',
      origin: 'seen',
      track: 'seen:1@0.00',
      evidence: { startSeconds: 0, endSeconds: 3, frames: [0, 30, 90] },
    })
  })

  it('tells other things as another scene, and goes on with the first when it comes back', () => {
    const kitchen = [thing('cup'), thing('sink')]
    const street = [thing('car'), thing('bus')]
    const captions = follow([kitchen, street, kitchen])
    expect(textsOf(captions)).toEqual(['a cup and a sink', 'a car and a bus'])
    expect(captions.get('seen:1@0.00')!.evidence.endSeconds).toBe(2)
  })

  it('tells the same things anew after a minute', () => {
    const frames = [[thing('cup')], ...Array.from({ length: 70 }, () => undefined), [thing('cup')]]
    expect([...follow(frames).keys()]).toEqual(['seen:1@0.00', 'seen:2@71.00'])
  })

  it('leaves out doubtful things, mistakes in few frames, and the own arm', () => {
    expect(follow([[thing('cup', 0.3)]]).size).toBe(0)
    expect(follow([[thing('person', 0.9, 0.5, 1)]]).size).toBe(0)
    expect(textsOf(follow([[thing('person', 0.9, 0.1, 1)]]))).toEqual(['a person'])
    const both = [thing('cup'), thing('tv')]
    expect(textsOf(follow([both, [...both, thing('frisbee')], both, both]))).toEqual(['a cup and a tv'])
  })
})
