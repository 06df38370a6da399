"""What an insurance pays of a bill, together with what people pay themselves: all of it, or nothing."""
