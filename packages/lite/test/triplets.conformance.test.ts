import { tripletExtractorContract } from '@perstream/conformance'
import { createWinkTriplets } from '../src/wink-triplets'

tripletExtractorContract('wink', { create: createWinkTriplets })
