import { isMissing } from '../node-directory'

/** What a file operation gives, or undefined when the file is not there. */
export async function ifThere<Value>(operation: Promise<Value>): Promise<Value | undefined> {
  try {
    return await operation
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
