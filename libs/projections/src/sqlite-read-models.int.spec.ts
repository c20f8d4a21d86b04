import { describeReadModels } from './read-models.conformance.js';
import { Files } from './subscriptions.fixture.js';

describeReadModels('SQLite', () => {
  const files = new Files();
  return { fresh: async () => files.readModels(), again: async () => files.readModels(), remove: () => files.remove() };
});
