package io.gllm.kernels.portable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the part of MessagePack that the notes of code objects use: maps, arrays, strings, integers that are not negative, booleans. */
final class MessagePack {
  private final ByteBuffer data;

  MessagePack(ByteBuffer data) {
    this.data = data.order(ByteOrder.BIG_ENDIAN);
  }

  /** The next value: a Map, List, String, Long or Boolean. */
  Object value() {
    int tag = data.get() & 0xff;
    if (tag < 0x80) {
      return (long) tag;
    } else if (tag < 0x90) {
      return map(tag & 15);
    } else if (tag < 0xa0) {
      return list(tag & 15);
    } else if (tag < 0xc0) {
      return string(tag & 31);
    }
    return switch (tag) {
      case 0xc2, 0xc3 -> tag == 0xc3;
      case 0xcc -> data.get() & 0xffL;
      case 0xcd -> data.getShort() & 0xffffL;
      case 0xce -> data.getInt() & 0xffffffffL;
      case 0xcf -> data.getLong();
      case 0xd9 -> string(data.get() & 0xff);
      case 0xda -> string(data.getShort() & 0xffff);
      case 0xdc -> list(data.getShort() & 0xffff);
      case 0xde -> map(data.getShort() & 0xffff);
      default -> throw new IllegalArgumentException("MessagePack tag 0x" + Integer.toHexString(tag));
    };
  }

  private Map<String, Object> map(int size) {
    Map<String, Object> map = new HashMap<>();
    for (int i = 0; i < size; i++) {
      String key = (String) value();
      map.put(key, value());
    }
    return map;
  }

  private List<Object> list(int size) {
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(value());
    }
    return list;
  }

  private String string(int size) {
    byte[] bytes = new byte[size];
    data.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
