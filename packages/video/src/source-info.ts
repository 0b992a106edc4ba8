/** Reads when recording began from container metadata; undefined when absent, unreadable or the epoch of an unset clock. */
export function readCreationTime(tags: Readonly<Record<string, string>>): number | undefined {
  const text = tags['com.apple.quicktime.creationdate'] ?? tags.creation_time ?? tags.DATE ?? tags.date
  if (!text || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return undefined
  const time = Date.parse(text)
  return time > 0 ? time : undefined
}

/** Containers whose header states a length that a cut file does not reach. */
const statesLength = /^(mov|mp4|matroska|avi|flv|asf)/

/** Whether the packets of a file end so far before the length its header states that the file was cut. */
export function isTruncated(format: string, stated: number | undefined, reached: number): boolean {
  if (stated === undefined || !statesLength.test(format)) return false
  return stated - reached > Math.max(0.5, stated * 0.02)
}

/** Whether the sound of a source can be read beside its frames: not of what can be read only once, which has no length. */
export function canBeHeard({ hasSound, duration }: { hasSound: boolean; duration: number | undefined }): boolean {
  return hasSound && duration !== undefined
}

/** The warning for a file that ends before its time. */
export function truncatedWarning(location: string, stated: number, reached: number) {
  return {
    code: 'file-truncated',
    message: `${location} was cut: its header states ${stated.toFixed(1)} s, its data ends at ${reached.toFixed(1)} s. What could be read was read.`,
    fields: { location, stated, reached },
  }
}

/** The warning for damage inside a stream. */
export function corruptWarning(location: string, count: number, seconds: number) {
  return {
    code: 'packet-corrupt',
    message: `${location} is damaged near ${seconds.toFixed(1)} s: ${count === 1 ? 'a part' : `${count} parts`} could not be decoded. The rest is read.`,
    fields: { location, count, seconds },
  }
}
