// Makes transports from accepted sockets: for listener.cpp and transport.cpp only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "gateway/event_loop_asio.h"
#include "gateway/transport.h"

namespace sanctum::gateway {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, StrandExecutor>;

// `peer`: all that is known of it before a handshake.
std::unique_ptr<Transport> make_plain_transport(Socket socket, Peer peer);
std::unique_ptr<Transport> make_tls_transport(Socket socket, Peer peer,
                                              std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace sanctum::gateway
