export {
  type CachedModel,
  createHub,
  type Hub,
  type HubOptions,
  type HubVerification,
  type PulledModel,
  type PullOptions,
  type RevisionOptions,
  type VerifyOptions,
} from './hub/create-hub'
