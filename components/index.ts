export {
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type ListenedPort,
} from "./attachment/attachment";
export { type InterfaceArgs, type RouteArgs } from "./attachment/places/interfaceArgs";
export { Bridge, type BridgeArgs } from "./bridge/bridge";
export { type DockerArgs, type DockerPool } from "./host/dockerArgs";
export { type HostHandle } from "./host/handle";
export {
    type ConnectionArgs,
    type GuardArgs,
    Host,
    type HostArgs,
    type LoginArgs,
    type RegistryAuthArgs,
} from "./host/host";
export { Macvlan, type MacvlanArgs } from "./macvlan/macvlan";
export { type NetworkHandle } from "./network/handle";
export {
    type BackendArgs,
    type DirectArgs,
    type GeneveArgs,
    type GreArgs,
    type IpipArgs,
    type VxlanArgs,
    type WireguardArgs,
} from "./overlay/backends/args";
export { Overlay, type OverlayArgs } from "./overlay/overlay";
export { type HostNetwork, type Lan, type Reserved, type Shim } from "./network/hostNetwork";
export { type ContainerArgs } from "./resources/container";
