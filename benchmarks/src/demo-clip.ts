import { cachedDemoClip } from '@perstream-examples/demo'

/** Finds the demo clip of a seed, rendering it when it is not there. Tells progress on stderr, on a terminal. */
export async function findDemoClip(seed: number): Promise<string> {
  const show = process.stderr.isTTY
  const path = await cachedDemoClip({
    seed,
    onProgress({ done, total }) {
      if (show) process.stderr.write(`\rrendering the demo clip of seed ${seed}: ${Math.round((100 * done) / total)} %`)
    },
  })
  if (show) process.stderr.write('\r\u001b[K')
  return path
}
