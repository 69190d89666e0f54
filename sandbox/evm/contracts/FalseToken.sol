// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token whose `transfer` moves nothing, logs nothing, returns false and does not revert. EIP-20 allows it: the
/// receipt has status 1 although nobody was paid, so a payout of it must never be reported as paid.
contract FalseToken {
    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public immutable totalSupply;

    mapping(address => uint256) public balanceOf;
    uint256 public refusals;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory name_, string memory symbol_, uint8 decimals_, uint256 supply_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        totalSupply = supply_;
        balanceOf[msg.sender] = supply_;
        emit Transfer(address(0), msg.sender, supply_);
    }

    function transfer(address, uint256) external returns (bool) {
        refusals += 1;
        return false;
    }
}
