export {
  type CachedModel,
  createHub,
  type Hub,
  type HubOptions,
  type HubVerification,
  type PulledModel,
  type PullOptions,
  type RevisionOptions,
} from './hub/create-hub'
