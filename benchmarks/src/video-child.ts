// Reads one file through a driver and the default keyframe selector in a process of its own, for the memory figure of
// bench:video. Arguments: driver, file. Prints the growth in MB from the first second of reading to the end.
import { createFlowKeyframes } from '@perstream/video'
import { driverNamed } from './video-drivers'

const [name = '', file = ''] = process.argv.slice(2)
const source = await driverNamed(name, 1).open(file)
let frames = 0
let base = 0
let peak = 0
const used = () => process.memoryUsage().rss / 1e6

async function* counted() {
  for await (const frame of source) {
    if (++frames % 50 === 0) peak = Math.max(peak, used())
    if (frames === 200) base = used()
    yield frame
  }
}

for await (const keyframe of createFlowKeyframes().select(counted())) keyframe.frame.release()
console.log(JSON.stringify({ base, peak, end: used() }))
