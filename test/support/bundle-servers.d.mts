export default function bundleServers(): Promise<void>;
