// Asio's side of event_loop.h: for event_loop.cpp, listener.cpp and transport.cpp only.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "base/thread_group.h"
#include "gateway/event_loop.h"

namespace sanctum::gateway {

using StrandExecutor = boost::asio::strand<boost::asio::io_context::executor_type>;

struct EventLoop::Context {
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  ThreadGroup threads;
};

std::shared_ptr<Strand> make_strand(const StrandExecutor& executor);

}  // namespace sanctum::gateway
