import { mapAsync } from '@perstream/kit'
import type { Caption, Captioner } from '@perstream/spec'

/** Captions each moment with two captioners, the words of the first before those of the second. */
export function captionWithBoth(first: Captioner, second: Captioner): Captioner {
  return {
    async *caption(moments, options) {
      const waiting: (readonly Caption[])[] = []
      const captioned = mapAsync(first.caption(moments, options), (moment) => {
        waiting.push(moment.captions)
        return moment
      })
      for await (const moment of second.caption(captioned, options))
        yield { ...moment, captions: [...waiting.shift()!, ...moment.captions] }
    },
  }
}
